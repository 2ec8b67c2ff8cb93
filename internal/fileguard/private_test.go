package fileguard

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestRefuseReadable: in production others are those who are in no group of the process, nor in root's.
func TestRefuseReadable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mode    fs.FileMode
		gid     int
		refused bool
	}{
		{0o600, 100, false}, {0o400, 100, false}, {0o640, 65532, false}, {0o640, 2000, false}, {0o440, 0, false},
		{0o640, 100, true}, {0o440, 100, true}, {0o644, 65532, true}, {0o604, 0, true}, {0o444, 0, true}, {0o620, 100, false},
	} {
		err := refuseReadable("the file", c.mode, identity{65532, c.gid}, []int{2000, 65532, 0})
		if (err != nil) != c.refused {
			t.Errorf("mode %04o, group %d: %v", c.mode, c.gid, err)
		}
	}
}

// TestCheckPrivate: what Check only warns of is refused, and folders may be listed.
func TestCheckPrivate(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for mode, refused := range map[fs.FileMode]bool{0o600: false, 0o400: false, 0o640: false, 0o644: true, 0o604: true, 0o602: true} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := CheckPrivate(file); (err != nil) != refused {
			t.Errorf("mode %04o: %v", mode, err)
		}
	}
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if warning, err := CheckPrivate(folder); warning == "" || err != nil {
		t.Errorf("a folder: %q, %v", warning, err)
	}
	if warning, err := CheckPrivate(filepath.Join(folder, "none")); warning != "" || err != nil {
		t.Errorf("a missing file: %q, %v", warning, err)
	}
}
