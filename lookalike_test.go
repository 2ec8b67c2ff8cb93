package users

import (
	"errors"
	"strconv"
	"testing"

	"github.com/svc-users/svc-users/internal/confusable"
)

// sight is how the service compares names.
var sight = Skeleton(confusable.New().Skeleton)

// Names that a person takes for Admin, whatever the case, the script or the width they are written in.
func TestImitationsOfAdmin(t *testing.T) {
	t.Parallel()
	for _, name := range []RoleName{
		"Аdmin", "Аdmіn", "αdmin", "Admın", "Ａｄｍｉｎ", "𝐀𝐝𝐦𝐢𝐧", "ⓐdmin", "Aⅾmin", "Adrnin", "ADMlN", "ADM1N", "Adm1n", "Admln", "adm|n",
		"ΑDΜΙΝ", "АДMIN", "Ad\u200amin", "Ad min", "Ꭺdmin", "ꓮdmin", "AdmΙn",
	} {
		err := sight.freeRoleName(NewGraph(nil, nil, nil), Role{Name: name})
		if want := name != "АДMIN"; errors.Is(err, ErrConflict) != want { // the Cyrillic Д looks like no D
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []RoleName{"Administrator", "Admins", "Админ", "管理员", "Manager", "Domain", "Ádmin", "Adm", "Ad-min"} {
		if err := sight.freeRoleName(NewGraph(nil, nil, nil), Role{Name: name}); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// Two names of a list that look alike are one too many; those that only resemble each other are not.
func TestLookalikesInTheList(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		there, chosen RoleName
		alike         bool
	}{
		{"Manager", "Mаnager", true},    // Cyrillic а
		{"Manager", "mаnager", true},    // and another case
		{"HELP", "ΗELP", true},          // Greek Eta
		{"Help", "ΗELP", false},         // in another case it is not what it looked like: η
		{"Zone 1", "Zone I", true},      // as they are shown
		{"Zone 0", "Zone O", true},      //
		{"Zone 1", "Zone L", false},     // alike only in lower case
		{"Zone I", "Zone L", false},     //
		{"Team A", "Team\u00a0A", true}, // a space that does not break
		{"Отдел 3", "Отдел З", true},    // the letter Ze
		{"Начальник", "Начальница", false},
		{"マネージャー", "ﾏﾈｰｼﾞｬｰ", true}, // halfwidth
		{"口", "ロ", true},            // an ideograph, and a Katakana letter
		{"经理", "经历", false},
		{"Leiter", "Leiterin", false},
		{"Söldner", "Soldner", false},
		{"manager", "Manager", false}, // one name, which the Store refuses with its own words
	} {
		for _, names := range [][2]RoleName{{c.there, c.chosen}, {c.chosen, c.there}} {
			g := NewGraph([]Role{{ID: ID{1}, Name: names[0]}}, nil, nil)
			if err := sight.freeRoleName(g, Role{ID: ID{2}, Name: names[1]}); errors.Is(err, ErrConflict) != c.alike {
				t.Errorf("%q beside %q: %v", names[1], names[0], err)
			}
			if err := sight.freeRoleName(g, Role{ID: ID{1}, Name: names[1]}); err != nil {
				t.Errorf("%q in the place of %q: %v", names[1], names[0], err)
			}
		}
	}
}

func TestReservedNames(t *testing.T) {
	t.Parallel()
	g := NewGraph(nil, []Permission{{ID: ID{1}, Name: "accounts:read", System: true}, {ID: ID{2}, Name: "Sessions:old"}}, nil)
	for name, reserved := range map[PermissionName]bool{
		"sessions:revoke": true, "api-keys:read": true, "settings:": true, "accounts:read:all": true,
		"Sessions:revoke": true, "SESSIONS:x": true, "perrnissions:read": true, "ro1es:read": true, "r0les:read": true, "t0kens:x": true, "C1ients:x": true,
		"accounts:read": false, // exists: the Store says so
		"Sessions:old":  false,
		"sessions":      false, "account:read": false, "app:sessions:revoke": false, "orders:read": false, "keystore:read": false, "sessions.read": false, ":": false,
	} {
		if err := sight.CheckPermissionName(g, name); errors.Is(err, ErrConflict) != reserved {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(reservedResources) != 15 {
		t.Errorf("%d resources are reserved", len(reservedResources))
	}
	for _, p := range SystemPermissions() {
		if err := sight.CheckPermissionName(NewGraph(nil, nil, nil), p.Name); err == nil {
			t.Errorf("%s can be made by others", p.Name)
		}
	}
}

// Nothing that cannot be seen is part of a role's name.
func TestHiddenCharacters(t *testing.T) {
	t.Parallel()
	for _, hidden := range []rune{
		0xad, 0x34f, 0x61c, 0x115f, 0x180e, 0x200b, 0x200c, 0x200d, 0x200e, 0x202e, 0x2028, 0x2060, 0x2066, 0x2800, 0x3164, 0xe000, 0xfe0f, 0xfeff, 0xffa0,
		0xfff9, 0x1d159, 0xe0001, 0xe0041, 0xe0100, 0x378, 0x10ffff,
	} {
		if _, err := ParseRoleName("Ad" + string(hidden) + "min"); err == nil {
			t.Errorf("U+%04X is taken", hidden)
		}
	}
	for _, name := range []string{"Größe", "مدير", "प्रबंधक", "ผู้จัดการ", "👍🏽", "R\u0301ole", "Кассир №1", "Team\u00a0A"} {
		if _, err := ParseRoleName(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func BenchmarkFreeRoleName(b *testing.B) {
	roles := make([]Role, 10_000)
	for i := range roles {
		roles[i] = Role{ID: NewID(), Name: RoleName("Warehouse manager " + strconv.Itoa(i))}
	}
	g := NewGraph(roles, nil, nil)
	b.Run("Name", func(b *testing.B) {
		for b.Loop() {
			if err := sight.freeRoleName(g, Role{Name: "Something else"}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Graph", func(b *testing.B) {
		for b.Loop() {
			NewGraph(roles, nil, nil)
		}
	})
}
