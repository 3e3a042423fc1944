package poll_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/stac/poll"
)

// TestJoinedHooksAreAllCalled: each hook of both is called once, in their order, and one that nobody has is nil.
func TestJoinedHooksAreAllCalled(t *testing.T) {
	t.Parallel()
	var called []string
	tell := func(name string) poll.Hooks {
		var h poll.Hooks
		fields := reflect.ValueOf(&h).Elem()
		for i := range fields.NumField() {
			fields.Field(i).Set(reflect.MakeFunc(fields.Field(i).Type(), func([]reflect.Value) []reflect.Value {
				called = append(called, name+" "+fields.Type().Field(i).Name)
				return nil
			}))
		}
		return h
	}
	both := reflect.ValueOf(poll.JoinHooks(tell("first"), poll.Hooks{}, tell("second")))
	for i := range both.NumField() {
		f, name := both.Field(i), both.Type().Field(i).Name
		require.False(t, f.IsNil(), name)
		var arguments []reflect.Value
		for j := range f.Type().NumIn() {
			arguments = append(arguments, reflect.Zero(f.Type().In(j)))
		}
		f.Call(arguments)
		require.Equal(t, []string{"first " + name, "second " + name}, called)
		called = nil
	}
	require.True(t, reflect.ValueOf(poll.JoinHooks(poll.Hooks{}, poll.Hooks{})).IsZero())
}
