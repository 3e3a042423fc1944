# A consumer as notebooks have it: redis-py, a consumer group, flat fields by their names.
import json
import sys

import redis

host, port, stream = sys.argv[1], int(sys.argv[2]), sys.argv[3]
r = redis.Redis(host=host, port=port, decode_responses=True)
r.xgroup_create(stream, "notebook", id="0")
for _, messages in r.xreadgroup("notebook", "one", {stream: ">"}, count=100, block=10000):
    for message, fields in messages:
        print(json.dumps({name: fields[name] for name in ("subject", "producer", "href")}))
        r.xack(stream, "notebook", message)
assert r.xpending(stream, "notebook")["pending"] == 0
