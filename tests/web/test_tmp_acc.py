import time

import httpx
from test_receiver import served, signed  # noqa: F401


def test_x(served):
    start, database = served
    t = time.time()
    child, address = start()
    print("start", time.time() - t)
    with httpx.Client(timeout=30) as client:
        for n in range(5):
            headers, body = signed(n, order=f"or_{n}")
            t = time.time()
            answer = client.post(address, headers=headers, content=body)
            print(answer.status_code, time.time() - t)
    child.kill()
    child.wait()
    child.stderr.close()
