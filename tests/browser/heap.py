"""What a worker of a page still holds: its WebAssembly memory and its JavaScript strings, searched over CDP.

page -> its workers -> queryObjects(WebAssembly.Memory) -> every byte
                    -> a snapshot of the heap           -> every string
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple


class Held(NamedTuple):
    """What was found in one worker.

    Attributes:
        url: of its script.
        memory: bytes of its WebAssembly memory.
        places: needle -> how often it lies there.
        strings: needles that stand in a string of JavaScript.
    """

    url: str
    memory: int
    places: dict[str, int]
    strings: frozenset[str]


_SEARCH = """
function (needles) {
  const found = {}; let size = 0;
  for (const memory of this) {
    const bytes = new Uint8Array(memory.buffer); size += bytes.length;
    for (const needle of needles) {
      const wanted = Uint8Array.from(atob(needle), (c) => c.charCodeAt(0));
      let at = -1;
      while ((at = bytes.indexOf(wanted[0], at + 1)) >= 0) {
        let n = 1;
        while (n < wanted.length && bytes[at + n] === wanted[n]) n += 1;
        if (n === wanted.length) found[needle] = (found[needle] ?? 0) + 1;
      }
    }
  }
  return { found, size };
}
"""


class Workers:
    """The workers of a page, over CDP. Attach before they are looked at."""

    def __init__(self, page: Any) -> None:
        self._page, self._session = page, page.context.new_cdp_session(page)
        self._attached: dict[str, dict[str, Any]] = {}
        self._answers: dict[int, dict[str, Any]] = {}
        self._chunks: dict[str, list[str]] = {}
        self._last = 0
        self._session.on("Target.attachedToTarget", self._on_attached)
        self._session.on("Target.receivedMessageFromTarget", self._on_message)
        self._session.send(
            "Target.setAutoAttach",
            {"autoAttach": True, "waitForDebuggerOnStart": False, "flatten": False},
        )

    def held(self, needles: Iterable[bytes]) -> list[Held]:
        """Search every worker for needles, as UTF-8 in its memory and as text in its strings."""
        from base64 import b64encode

        wanted = {b64encode(needle).decode(): needle.decode("latin-1") for needle in needles}
        return [
            self._search(session, target["url"], wanted)
            for session, target in sorted(self._attached.items())
            if target["type"] == "worker"
        ]

    def _search(self, session: str, url: str, wanted: dict[str, str]) -> Held:
        self._ask(session, "HeapProfiler.enable")
        self._ask(session, "HeapProfiler.collectGarbage")
        prototype = self._ask(
            session, "Runtime.evaluate", expression="WebAssembly.Memory.prototype"
        )
        objects = self._ask(
            session, "Runtime.queryObjects", prototypeObjectId=prototype["result"]["objectId"]
        )
        counted = self._ask(
            session, "Runtime.callFunctionOn", functionDeclaration=_SEARCH, returnByValue=True,
            objectId=objects["objects"]["objectId"], arguments=[{"value": [*wanted]}],
        )["result"]["value"]  # fmt: skip
        self._chunks[session] = []
        self._ask(session, "HeapProfiler.takeHeapSnapshot", reportProgress=False)
        strings = json.loads("".join(self._chunks.pop(session)))["strings"]
        # What is asked for here stands in the worker too, in Base64: only what it had itself is looked for.
        seen = frozenset(
            text for text in wanted.values() if any(text in string for string in strings)
        )
        places = {wanted[name]: count for name, count in counted["found"].items()}
        return Held(url, counted["size"], places, seen)

    def _on_attached(self, event: dict[str, Any]) -> None:
        self._attached[event["sessionId"]] = event["targetInfo"]

    def _on_message(self, event: dict[str, Any]) -> None:
        message = json.loads(event["message"])
        if "id" in message:
            self._answers[message["id"]] = message
        elif message.get("method") == "HeapProfiler.addHeapSnapshotChunk":
            self._chunks[event["sessionId"]].append(message["params"]["chunk"])

    def _ask(self, session: str, method: str, **params: Any) -> dict[str, Any]:
        self._last += 1
        number = self._last
        message = json.dumps({"id": number, "method": method, "params": params})
        self._session.send("Target.sendMessageToTarget", {"sessionId": session, "message": message})
        while number not in self._answers:
            self._page.wait_for_timeout(20)
        answer = self._answers.pop(number)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        result: dict[str, Any] = answer.get("result", {})
        return result
