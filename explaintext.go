package users

import (
	"fmt"
	"strings"
)

// maxNamed bounds the names in a sentence.
const maxNamed = 10

// String is the explanation in one or two sentences.
func (e Explanation) String() string {
	account, role := e.Account.Label(), string(e.Account.Role.Name)
	switch e.Reason {
	case Granted:
		said := fmt.Sprintf("%s may do %s%s: %s.", account, e.Permission, e.byKey(), e.how())
		if e.PermissionsOmitted {
			said += " The account's tokens have no room for its permissions: services must ask, or follow the change feed."
		}
		return said + e.whoActs()
	case OutOfScope:
		if e.byToken {
			return fmt.Sprintf("%s may do %s, and not with this token: it was issued for less.", account, e.Permission) + e.whoActs()
		}
		return fmt.Sprintf("%s may do %s, and not%s: the key does not list it.", account, e.Permission, e.byKey())
	case AccountDisabled:
		return account + " may do nothing: the account is disabled."
	case UnknownPermission:
		return fmt.Sprintf("%s may not do %s: there is no such permission.", account, e.Permission)
	}
	return fmt.Sprintf("%s may not do %s: the role %s neither has it nor inherits it. %s.", account, e.Permission, role, e.whoGives())
}

// whoActs names the account that acts by the token that the question is about.
func (e Explanation) whoActs() string {
	switch {
	case e.Act == nil:
		return ""
	case e.Act.Impersonator:
		return " The account is impersonated by " + e.Act.Account.String() + "."
	}
	return " The account " + e.Act.Account.String() + " acts for it."
}

// byKey names the API key that the question is about.
func (e Explanation) byKey() string {
	if e.APIKey == nil {
		return ""
	}
	return " with the API key " + e.APIKey.Name
}

func (e Explanation) how() string {
	own, from := e.Path[0], e.Path[len(e.Path)-1]
	switch {
	case len(e.Path) > 1:
		return fmt.Sprintf("the role %s inherits it from %s", own, from)
	case e.Account.Role.System:
		return fmt.Sprintf("the role %s has every permission", own)
	}
	return fmt.Sprintf("the role %s has it", own)
}

func (e Explanation) whoGives() string {
	names := texts(e.GrantedBy)
	switch n := len(names); {
	case n == 0:
		return "No role gives it"
	case n > maxNamed:
		return fmt.Sprintf("Roles that give it are %s and %d more", strings.Join(names[:maxNamed], ", "), n-maxNamed)
	case n == 1:
		return "The only role that gives it is " + names[0]
	default:
		return "Roles that give it are " + strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
}
