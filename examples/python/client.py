"""A client in Python, written from docs/protocol.md alone: python3 examples/python/client.py SOCKET"""
import json, socket, struct, sys


class Client:
    def __init__(self, path):
        self.stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.stream.connect(path)
        self.file = self.stream.makefile("rb")
        self.events = []  # events that came while the client waited for an answer

    def send(self, request):
        payload = json.dumps(request, ensure_ascii=False).encode("utf-8")
        self.stream.sendall(struct.pack("<I", len(payload)) + payload)

    def receive(self):
        header = self.file.read(4)
        if len(header) < 4:
            raise EOFError("the daemon ended the connection")
        return json.loads(self.file.read(struct.unpack("<I", header)[0]))

    def answer(self):
        while True:
            response = self.receive()
            if "Event" not in response:
                return response
            self.events.append(response["Event"])

    def request(self, request):
        self.send(request)
        return self.answer()

    def event(self):
        return self.events.pop(0) if self.events else self.receive()["Event"]


def main(path):
    client = Client(path)
    say = lambda *what: print(*what, flush=True)
    say(client.request({"Subscribe": {"subscription": {"AllEvents": {"app_name": None}}}}))
    config = json.dumps({"command": "sh", "args": ["-c", "echo grüße; sleep 60"]})
    say(client.request({"Start": {"name": "python", "config": config}}))
    while (event := client.event())["event_type"] != "log_line":
        say(event["event_type"])
    say("log line:", event["data"]["line"])
    for request in ("List", {"Status": {"name": "python"}}, {"Logs": {"name": "python", "lines": 5}}):
        client.send(request)  # pipelined: answered in order
    for _ in range(3):
        say(client.answer())
    for request in ({"Stop": {"name": "python"}}, {"Restart": {"name": "python"}}, {"Delete": {"name": "python"}}, "Unsubscribe", "Nonsense"):
        say(client.request(request))


if __name__ == "__main__":
    main(sys.argv[1])
