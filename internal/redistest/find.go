package redistest

import (
	"fmt"
	"os"
	"os/exec"
)

// serverVariable names the program that tests start where no Binary option says otherwise.
const serverVariable = "LEAT_TEST_REDIS_SERVER"

// findServer returns the program to start: the one asked for, else the environment's, else redis-server.
func findServer(asked string) (string, error) {
	name := asked
	if name == "" {
		name = os.Getenv(serverVariable)
	}
	if name == "" {
		name = "redis-server"
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("redistest: these tests need a real Redis server: %w\n"+
			"install one (apt install redis-server / apk add redis / dnf install redis / brew install redis) or run `make test`, "+
			"which does it", err)
	}
	return path, nil
}
