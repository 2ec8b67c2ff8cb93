package authz

// service reports whether the account is a service account.
func (a account) service() bool { return a.Name != "" }

// people are the accounts of a state that are no service accounts, sorted.
func people(s state) []string {
	var list []string
	for _, id := range keys(s.Accounts) {
		if !s.Accounts[id].service() {
			list = append(list, id)
		}
	}
	return list
}

func isService(j *judgement) {
	if a, ok := j.Accounts[j.target]; !ok || !a.service() {
		j.missing = "Service account"
	}
}

// refersToOwner: "a referenced id does not exist" is a fault. Null and an absent member are no owner.
func (j *judgement) refersToOwner() string {
	id, given := j.text("owner_id")
	if _, exists := j.Accounts[id]; given && !exists {
		j.fault("owner_id")
	}
	return id
}

func (j *judgement) nameTaken(name string) {
	if taken(j.Accounts, j.target, name, func(a account) string { return a.Name }) {
		j.conflict("the name is taken")
	}
}

func createServiceAccount(j *judgement) {
	role, owner := j.refersToRole("role_id"), j.refersToOwner()
	if len(j.faults) > 0 {
		return
	}
	j.give(role)
	name, _ := j.text("name")
	j.nameTaken(name)
	about, _ := j.text("description")
	if !j.has("owner_id") {
		owner = j.who
	}
	active, sent := j.body["is_active"].(bool)
	j.next.Accounts[j.created()] = account{Name: name, About: about, Owner: owner, Role: role, Active: active || !sent, Version: 1}
}

func updateServiceAccount(j *judgement) {
	role, owner := j.refersToRole("role_id"), j.refersToOwner()
	if isService(j); j.missing != "" {
		return
	}
	before := j.Accounts[j.target]
	after := before
	j.mayTouch(before)
	if name, ok := j.text("name"); ok {
		j.nameTaken(name)
		after.Name = name
	}
	if j.has("description") {
		after.About, _ = j.text("description")
	}
	if j.has("owner_id") {
		after.Owner = owner
	}
	if j.has("role_id") && role != before.Role {
		if len(j.faults) == 0 {
			j.give(role)
		}
		after.Role = role
	}
	if active, ok := j.body["is_active"].(bool); ok {
		if before.Active && !active {
			after.Version = j.raised(before)
		}
		after.Active = active
	}
	j.next.Accounts[j.target] = after
}

// deleteServiceAccount: its owner, and what it owns, stay.
func deleteServiceAccount(j *judgement) {
	if isService(j); j.missing != "" {
		return
	}
	j.mayTouch(j.Accounts[j.target])
	j.remove(j.target)
}

// remove deletes an account: "owner_id is null once the owner is deleted".
func (j *judgement) remove(id string) {
	delete(j.next.Accounts, id)
	for other, a := range j.next.Accounts {
		if a.Owner == id {
			a.Owner = ""
			j.next.Accounts[other] = a
		}
	}
}

// createClientSecret changes nothing that the model has.
func createClientSecret(j *judgement) {
	if isService(j); j.missing == "" {
		j.mayTouch(j.Accounts[j.target])
	}
}

// deleteClientSecret, deleteClientKey and deleteClientTrust are of what there is not.
func deleteClientSecret(j *judgement) { deleteCredential(j, "Client secret") }
func deleteClientKey(j *judgement)    { deleteCredential(j, "Client key") }
func deleteClientTrust(j *judgement)  { deleteCredential(j, "Client trust") }

func deleteCredential(j *judgement, what string) {
	if isService(j); j.missing == "" {
		if j.mayTouch(j.Accounts[j.target]); len(j.forbidden) == 0 {
			j.missing = what
		}
	}
}
