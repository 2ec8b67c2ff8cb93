package web_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/svc-users/svc-users/internal/apitest"
)

func TestLists(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	for i := range 5 {
		svc.NewPermission(t, fmt.Sprintf("page:%d", i))
	}
	const list = "/api/v1/permissions?q=page:&sort=-name"
	first := svc.Get(t, list+"&page_size=2").Want(t, 200, "Permissions retrieved successfully")
	first.WantMeta(t, "page", "page_size", "total_items", "total_pages", "total_is_exact", "next_cursor")
	svc.Get(t, list+"&page_size=2&page=2").WantMeta(t, "page", "page_size", "total_items", "total_pages", "total_is_exact")
	if !strings.Contains(string(first.Meta), `"total_items":5,"total_pages":3,"total_is_exact":true`) {
		t.Errorf("meta is %s", first.Meta)
	}
	// By cursor, each piece of another size, from the start and from page 1.
	for _, start := range []string{list + "&page_size=2", list + "&cursor=&page_size=2"} {
		var names []string
		path := start
		for size := 2; path != ""; size = 1 {
			answer := svc.Get(t, path).Want(t, 200, "")
			var items []struct{ Name string }
			answer.Into(t, &items)
			for _, item := range items {
				names = append(names, item.Name)
			}
			path = ""
			if next := nextCursor(t, answer); next != "" {
				path = fmt.Sprintf("%s&page_size=%d&cursor=%s", list, size, next)
			}
		}
		if want := []string{"page:4", "page:3", "page:2", "page:1", "page:0"}; !slices.Equal(names, want) {
			t.Errorf("from %s: %q, want %q", start, names, want)
		}
	}
	next := nextCursor(t, first)
	for _, other := range []string{
		"/api/v1/permissions?q=page:&cursor=" + next, "/api/v1/permissions?q=page&sort=-name&cursor=" + next,
		"/api/v1/roles?q=page:&sort=-name&cursor=" + next, list + "&cursor=" + next + "A", list + "&cursor=x", list + "&page=1&cursor=",
	} {
		svc.Get(t, other).WantFaults(t, "cursor")
	}
	// What is searched for knows no case, so this is the very list.
	svc.Get(t, "/api/v1/permissions?q=PAGE:&sort=-name&cursor="+next).Want(t, 200, "")
	svc.Get(t, "/api/v1/accounts?page=0&page_size=101&sort=role&is_active=yes&role_id=X&email=x&cursor=x&q="+strings.Repeat("x", 255)).
		WantFaults(t, "page", "page_size", "sort", "is_active", "role_id", "email", "cursor", "q")
	empty := svc.Get(t, "/api/v1/accounts?role_id="+apitest.NoID+"&page=1000000000").Want(t, 200, "Accounts retrieved successfully")
	if string(empty.Data) != "[]" || !strings.Contains(string(empty.Meta), `"total_items":0,"total_pages":0`) {
		t.Errorf("an empty list is %s", empty.Body)
	}
	found := svc.Get(t, "/api/v1/accounts?email=ROOT@example.com&is_active=true&role_id="+svc.AdminRole+"&q=oo").Want(t, 200, "")
	if strings.Contains(string(found.Data), `"email"`) {
		t.Errorf("two characters in the middle match: %s", found.Data)
	}
	found = svc.Get(t, "/api/v1/accounts?email=ROOT@example.com&is_active=true&role_id="+svc.AdminRole+"&q=OOT").Want(t, 200, "")
	if !strings.Contains(string(found.Data), svc.AdminID) {
		t.Errorf("found %s", found.Data)
	}
}

func nextCursor(t *testing.T, a *apitest.Answer) string {
	t.Helper()
	var meta map[string]any
	apitest.Unmarshal(t, a.Meta, &meta)
	next, _ := meta["next_cursor"].(string)
	return next
}
