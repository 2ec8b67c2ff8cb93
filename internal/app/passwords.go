package app

import (
	"fmt"
	"log/slog"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/breached"
	"github.com/svc-users/svc-users/internal/commonpassword"
)

// passwordRules makes the rules of the Config. It opens the file of breached passwords: one that cannot be read stops the
// start, since a rule that was asked for would else not be kept.
func (a *App) passwordRules() (users.PasswordRules, error) {
	c := a.config.Passwords
	rules := users.PasswordRules{MinLength: c.MinLength, Names: c.Names, Common: commonpassword.Has}
	if c.BreachedFile != "" {
		index, err := breached.Open(c.BreachedFile)
		if err != nil {
			return users.PasswordRules{}, fmt.Errorf("PASSWORD_BREACHED_FILE: %w", err)
		}
		a.breached = index
		rules.Screens = append(rules.Screens, index)
	}
	if c.BreachedURL != "" {
		rules.Screens = append(rules.Screens, &breached.Range{URL: c.BreachedURL, Failed: a.warnOfNoScreen()})
	}
	return rules, nil
}

// warnOfNoScreen returns a function that logs, once in an hour, that passwords are taken without the service having answered.
func (a *App) warnOfNoScreen() func(cause error) {
	log := a.config.Log
	if log == nil { // a command
		log = slog.Default()
	}
	seldom := newSeldom[struct{}](time.Now)
	return func(cause error) {
		if seldom.allows(struct{}{}) {
			log.Warn("the service of PASSWORD_BREACHED_URL gives no answer: passwords are taken without it", "cause", cause.Error())
		}
	}
}
