module github.com/svc-users/svc-users/authn

go 1.24.0
