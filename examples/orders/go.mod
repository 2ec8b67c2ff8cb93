module github.com/svc-users/svc-users/examples/orders

go 1.26.0

require github.com/svc-users/svc-users/authn v0.0.0

replace github.com/svc-users/svc-users/authn => ../../authn
