// Package stacserver runs `leat stac poll` against a real STAC API: stac-fastapi with pgSTAC in a PostgreSQL of its own. Ten thousand
// items are polled while others are added with old dates, changed and deleted by the Transactions extension; the poller is killed
// again and again, and its way to the server and to Redis is cut. In the end the stream has what the server has.
//
// That takes half an hour, so a plain go test skips it, and says so. scripts/install-stac.sh installs what it needs; where that is
// missing and -stac.run is given, the test fails:
//
//	make test-stac
//	go test ./test/stacserver -timeout 1h -v -stac.run -stac.items 1000 -stac.kills 3 -run /rescan
package stacserver
