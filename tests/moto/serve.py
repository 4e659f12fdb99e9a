"""An AWS emulator (moto) on a free loopback port, for the length of its standard input.

Writes the port as its first line. Then answers each line of JSON with one line of JSON:

    {"seed": SITUATION, "account": ID, "management": ID, "readers": {NAME: [ACTION, …]}}
        fills the account with a situation (see `seed.py`) and answers what was made:
        {"region", "instance", "role", "names": {PLACEHOLDER: VALUE}, "credentials": {NAME: [ID, SECRET, TOKEN]}}
    {"golden": CAPTURE}
        makes the world of a capture (see `golden.py`) and answers {"credentials": {PROFILE: [ID, SECRET, TOKEN]}}
    {"enforce": true}
        from now on the identity-based policies of the callers count, in all accounts

A request that fails is answered {"error": TEXT}. When standard input ends, so does the process: tests need not
tidy up, and nothing is left behind when they are killed.
"""

import json
import logging
import sys
import traceback
import urllib.request

from moto.server import ThreadedMotoServer

from golden import seed_golden
from seed import Emulator, seed


def enforce(endpoint):
    """Makes the emulator check who asks; until then it lets everybody do everything."""
    unchecked_requests = b"0"
    request = urllib.request.Request(
        f"{endpoint}/moto-api/reset-auth", data=unchecked_requests, headers={"Content-Type": "text/plain"}
    )
    urllib.request.urlopen(request, timeout=30).close()


def answer(endpoint, emulator, request):
    """The answer to one line."""
    if request.get("enforce"):
        enforce(endpoint)
        return {}
    if "golden" in request:
        return {"credentials": seed_golden(request["golden"])}
    return seed(emulator, request)


def main():
    """Serves until standard input ends."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    print(port, flush=True)
    endpoint = f"http://127.0.0.1:{port}"
    emulator = Emulator(endpoint)
    for line in sys.stdin:
        try:
            reply = answer(endpoint, emulator, json.loads(line))
        except Exception:  # whatever it is, the test that asked is to show it
            reply = {"error": traceback.format_exc()}
        print(json.dumps(reply), flush=True)
    server.stop()


if __name__ == "__main__":
    main()
