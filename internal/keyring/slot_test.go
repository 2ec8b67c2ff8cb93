package keyring_test

import (
	"flag"
	"strings"
	"testing"
)

// slots is how often two replicas make the next key at the same moment. The store suite has the statement itself tried a
// thousand times; here keys are made, sealed and put to use.
var slots = flag.Int("slots", 10, "how often two replicas make the next key at the same moment")

// TestNextKeyOfTwoReplicas: two replicas find at the same moment that the next key is missing. One key comes into its slot,
// and both use it.
func TestNextKeyOfTwoReplicas(t *testing.T) {
	onEngines(t, func(t *testing.T, url string) {
		p := place(url)
		p.seals = sealing(t, 0)
		one, other := started(t, p), started(t, p)
		for _, r := range []*replica{one, other} {
			must(t, r.store.Listen("", func(bool, string) {}))
			r.run(t)
		}
		signs := strings.Fields(one.published())[0]
		seen := map[string]bool{}
		for round := range *slots {
			next := strings.Fields(one.published())[1]
			if seen[next] {
				t.Fatalf("round %d: the key %s was there before", round, next)
			}
			seen[next] = true
			sql(t, url, `DELETE FROM signing_keys WHERE slot = 2`)
			eventually(t, "both have the same next key again", func() bool {
				published := one.published()
				ids := strings.Fields(published)
				return len(ids) == 2 && ids[0] == signs && ids[1] != next && other.published() == published
			})
			found, err := one.store.Store.SigningKeys(t.Context())
			must(t, err)
			if len(found.Keys) != 2 || found.Keys[1].Slot != 2 || !strings.HasSuffix(one.published(), found.Keys[1].ID) {
				t.Fatalf("round %d: the database has %d keys", round, len(found.Keys))
			}
		}
	})
}
