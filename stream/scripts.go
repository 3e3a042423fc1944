package stream

import _ "embed"

// The scripts, one file each in scripts/, shared functions in scripts/lib.lua.
var (
	//go:embed scripts/lib.lua
	libLua string
	//go:embed scripts/ack.lua
	ackLua string
	//go:embed scripts/extend.lua
	extendLua string
	//go:embed scripts/fail.lua
	failLua string
	//go:embed scripts/dead.lua
	deadLua string
	//go:embed scripts/release.lua
	releaseLua string
	//go:embed scripts/due.lua
	dueLua string
	//go:embed scripts/reclaim.lua
	reclaimLua string
	//go:embed scripts/rebase.lua
	rebaseLua string
	//go:embed scripts/recover.lua
	recoverLua string
	//go:embed scripts/restore.lua
	restoreLua string
	//go:embed scripts/leave.lua
	leaveLua string
	//go:embed scripts/redrive.lua
	redriveLua string
)
