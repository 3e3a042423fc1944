package rules_test

import (
	"testing"

	"github.com/leat-io/leat/internal/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }
