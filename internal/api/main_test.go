package api_test

import (
	"testing"

	"github.com/svc-users/svc-users/internal/apitest"
)

func TestMain(m *testing.M) { apitest.Main(m) }
