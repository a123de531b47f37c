"""A local OpenAI-compatible endpoint that answers as a test wants it to."""

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server(ThreadingHTTPServer):
    """Answers /v1/chat/completions with what `reply(messages, nth)` says: a text, or (status, headers, body)."""

    daemon_threads = True

    def __init__(self, reply):
        super().__init__(("127.0.0.1", 0), Handler)
        self.reply, self.times, self.bodies, self.lock = reply, [], [], threading.Lock()
        self.url = f"http://127.0.0.1:{self.server_address[1]}/v1"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.times.append(time.monotonic())
            self.server.bodies.append(body)
            n = len(self.server.times)
        found = self.server.reply(body["messages"], n)
        if isinstance(found, str):
            message = {"role": "assistant", "content": found}
            completion = {"choices": [{"index": 0, "finish_reason": "stop", "message": message}], "model": "m"}
            found = 200, {}, json.dumps({"id": "1", "object": "chat.completion", "created": 0, **completion})
        status, headers, text = found
        try:
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())
        except OSError:  # the client had waited long enough
            pass

    def log_message(self, *_):
        pass


def serving(reply):
    """The endpoint, for a block."""
    return running(Server(reply))


@contextmanager
def running(server):
    """A server that answers in the background, for a block."""
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
