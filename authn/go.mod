module github.com/svc-users/svc-users/authn

go 1.26.0
