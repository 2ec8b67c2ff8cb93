package httpapi

import "slices"

// APIRoutes is the table of all operations of the package.
func APIRoutes() []Route {
	return slices.Concat(ownRoutes(), accountRoutes(), explainRoutes(), roleRoutes(), treeRoutes(), permissionRoutes(), declarationRoutes())
}
