package web

import "net/http"

// SetBodyBudget sets how many bytes of bodies more a handler of New may hold.
func SetBodyBudget(h http.Handler, size int64) { h.(*handler).bodies.left.Store(size) }

// BodyBudget returns how many bytes of bodies more it may hold now.
func BodyBudget(h http.Handler) int64 { return h.(*handler).bodies.left.Load() }
