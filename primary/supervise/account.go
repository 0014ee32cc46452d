package supervise

import (
	"fmt"
	"os/user"
	"slices"
	"strconv"
	"syscall"
)

// account is a user that secondaries run as.
type account struct {
	*user.User
	ids syscall.Credential
}

// findAccount looks up a user by name or number. Its processes are in the user's groups and, so that
// they may attach, in that of the control socket (-1: none of its own).
func findAccount(name string, socketGroup int) (*account, error) {
	u, err := user.Lookup(name)
	if err != nil {
		u, err = user.LookupId(name)
	}
	if err != nil {
		return nil, fmt.Errorf("user=%s: there is no such user: create it (useradd --system %s) or name another", name, name)
	}
	groups, err := u.GroupIds()
	if err != nil {
		return nil, fmt.Errorf("user=%s: %w", name, err)
	}
	if socketGroup >= 0 {
		groups = append(groups, strconv.Itoa(socketGroup))
	}
	a := &account{User: u}
	for _, id := range []struct {
		text string
		to   *uint32
	}{{u.Uid, &a.ids.Uid}, {u.Gid, &a.ids.Gid}} {
		if *id.to, err = parseID(id.text); err != nil {
			return nil, fmt.Errorf("user=%s: %w", name, err)
		}
	}
	for _, group := range groups {
		gid, err := parseID(group)
		if err != nil {
			return nil, fmt.Errorf("user=%s: %w", name, err)
		}
		if !slices.Contains(a.ids.Groups, gid) {
			a.ids.Groups = append(a.ids.Groups, gid)
		}
	}
	return a, nil
}

func parseID(text string) (uint32, error) {
	id, err := strconv.ParseUint(text, 10, 32)
	return uint32(id), err
}

// env is what a login would set.
func (a *account) env() []string {
	return []string{"HOME=" + a.HomeDir, "USER=" + a.Username, "LOGNAME=" + a.Username}
}
