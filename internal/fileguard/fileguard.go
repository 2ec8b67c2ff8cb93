// Package fileguard checks whether other users may read or change the files that the service trusts: its settings, its
// key and its database.
//
//	warning, err := fileguard.Check("data/jwt.pem")
//
// An error says that another user can change the file, and with it what the service trusts. A warning says that others
// can read it. Symbolic links are followed, since Kubernetes makes them for secrets; the target is checked.
package fileguard

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
)

// identity is who runs the program.
type identity struct{ uid, gid int }

// Check returns a warning if others may read a file or folder, and an error if others can change it. A missing file is no
// fault, and Check finds none on Windows, where modes have no meaning.
func Check(path string) (warning string, err error) { return check(path, false) }

// CheckPrivate is Check for production: a file, not a folder, that every user or a group which this process is not in may read is
// an error too.
func CheckPrivate(path string) (warning string, err error) { return check(path, true) }

func check(path string, private bool) (warning string, err error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	owner, known := ownerOf(info)
	if !known {
		return "", nil
	}
	self := identity{os.Geteuid(), os.Getegid()}
	if warning, err = judge(path, info.Mode(), owner, self); err != nil || !private || info.IsDir() {
		return warning, err
	}
	groups, _ := os.Getgroups() // without them, only the process's own group counts
	if err := refuseReadable(path, info.Mode(), owner, append(groups, self.gid, 0)); err != nil {
		return "", err
	}
	return warning, nil
}

// refuseReadable refuses a file that others may read. Groups of the process are those that Kubernetes gives volumes (fsGroup),
// and root's is that of files which systemd shows to a service alone.
func refuseReadable(path string, mode fs.FileMode, owner identity, groups []int) error {
	bits := mode.Perm()
	safe := bits &^ (groupRead | groupWrite | otherRead | otherWrite | 0o011)
	switch {
	case bits&otherRead != 0:
		return fmt.Errorf("%s can be read by every user (mode %04o): take that away (chmod %04o)", path, bits, safe)
	case bits&groupRead != 0 && !slices.Contains(groups, owner.gid):
		return fmt.Errorf("%s can be read by another group (mode %04o, gid %d): take that away (chmod %04o)", path, bits, owner.gid, safe)
	}
	return nil
}

// The bits of a mode that grant access to the group and to others.
const (
	groupRead, groupWrite = 0o040, 0o020
	otherRead, otherWrite = 0o004, 0o002
)

// judge decides. The group of the process itself is most often a user's own (Linux distributions give each user one, and
// with it the umask 002), or the one that Kubernetes gives volumes (fsGroup): write access for it is a warning, no error.
func judge(path string, mode fs.FileMode, owner, self identity) (string, error) {
	bits := mode.Perm()
	safe := bits &^ (groupRead | groupWrite | otherRead | otherWrite | 0o011)
	switch {
	case owner.uid != self.uid && owner.uid != 0:
		return "", fmt.Errorf("%s belongs to another user (uid %d, and this is uid %d), who could change it: give it to the user that runs svc-users (chown)", path, owner.uid, self.uid)
	case bits&otherWrite != 0:
		return "", fmt.Errorf("%s can be changed by every user (mode %04o): take that away (chmod %04o)", path, bits, safe)
	case bits&groupWrite != 0 && owner.gid != self.gid:
		return "", fmt.Errorf("%s can be changed by another group (mode %04o, gid %d): take that away (chmod %04o)", path, bits, owner.gid, safe)
	case bits&groupWrite != 0:
		return fmt.Sprintf("%s can be changed by the group of this user (mode %04o); chmod %04o would end that", path, bits, safe), nil
	case bits&otherRead != 0:
		return fmt.Sprintf("%s can be read by every user (mode %04o); chmod %04o would end that", path, bits, safe), nil
	case bits&groupRead != 0:
		return fmt.Sprintf("%s can be read by a group (mode %04o, gid %d); chmod %04o would end that", path, bits, owner.gid, safe), nil
	}
	return "", nil
}
