"""Grammars say which texts a field may hold, as automata over characters: numbers, dates, closed lists.

A part adds its nodes to a graph before a given node and returns the node it begins at. A `Grammar` walks the graph by characters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

#: adds its nodes to a graph before the node `end` and returns the node it begins at
Part = Callable[["Graph", int], int]
#: nodes where a text may be
State = frozenset[int]
#: state of a text that is not allowed
NOWHERE: State = frozenset()
#: characters of dotted lines and gaps. They are skipped where the grammar does not hold them
SILENT = " .·…_"


class Graph:
    """Nodes with edges."""

    def __init__(self) -> None:
        #: node -> character -> next nodes
        self.edges: list[dict[str, set[int]]] = []
        #: node -> nodes reached without a character
        self.skips: list[set[int]] = []

    def node(self) -> int:
        """Adds a node and returns its number."""
        self.edges.append({})
        self.skips.append(set())
        return len(self.edges) - 1


class Grammar:
    """The texts of a part. All are equally likely. The deterministic automaton is built on demand."""

    def __init__(self, part: Part) -> None:
        self._graph = Graph()
        self._end = self._graph.node()
        self.start = self._closed({part(self._graph, self._end)})
        self._known: dict[State, dict[str, State]] = {}

    def begin(self) -> State:
        """The state before the first character."""
        return self.start

    def step(self, state: State, char: str) -> tuple[State, float] | None:
        """(state after `char`, 0), or None when `char` is not allowed there."""
        known = self._known.setdefault(state, {})
        if char not in known:
            known[char] = self._closed({n for node in state for n in self._graph.edges[node].get(char, ())})
        return (known[char], 0.0) if known[char] else None

    def skip(self, state: State, char: str) -> tuple[State, float] | None:
        """(`state`, 0) when `char` is a dot or gap that the grammar does not hold there, else None."""
        return (state, 0.0) if char in SILENT and self.step(state, char) is None else None

    def end(self, state: State) -> float | None:
        """0 when the text may end here, else None."""
        return 0.0 if self._end in state else None

    def _closed(self, nodes: set[int]) -> State:
        open_, seen = list(nodes), set(nodes)
        while open_:
            for other in self._graph.skips[open_.pop()] - seen:
                seen.add(other)
                open_.append(other)
        return frozenset(seen)


class Mostly:
    """The texts of `usual`, and those of `also`, which are less likely by `cost` (natural log, negative)."""

    def __init__(self, usual: Grammar, also: Grammar, cost: float) -> None:
        self._usual, self._also, self._cost = usual, also, cost

    def begin(self) -> tuple[State, State]:
        """The states of both grammars before the first character. The first one becomes empty when the text is not usual."""
        return self._usual.begin(), self._also.begin()

    def step(self, state: tuple[State, State], char: str) -> tuple[tuple[State, State], float] | None:
        """(states after `char`, cost), or None when `char` is not allowed there. Leaving the usual texts costs `cost`."""
        usual, also = state
        onward, aside = self._also.step(also, char), self._usual.step(usual, char) if usual else None
        if onward is None:
            return None
        return ((aside[0] if aside else NOWHERE, onward[0]), self._cost if usual and aside is None else 0.0)

    def skip(self, state: tuple[State, State], char: str) -> tuple[tuple[State, State], float] | None:
        """(`state`, 0) when `char` is a dot or gap that the grammar does not hold there, else None."""
        return (state, 0.0) if self._also.skip(state[1], char) is not None else None

    def end(self, state: tuple[State, State]) -> float | None:
        """The cost when the text ends here, or None when it may not."""
        usual, also = state
        if usual and self._usual.end(usual) is not None:
            return 0.0
        return None if self._also.end(also) is None else self._cost if usual else 0.0


def chars(allowed: str) -> Part:
    """One of the characters `allowed`."""

    def part(graph: Graph, end: int) -> int:
        node = graph.node()
        for char in allowed:
            graph.edges[node].setdefault(char, set()).add(end)
        return node

    return part


def seq(*parts: Part) -> Part:
    """`parts`, one after the other."""

    def part(graph: Graph, end: int) -> int:
        for one in reversed(parts):
            end = one(graph, end)
        return end

    return part


def either(*parts: Part) -> Part:
    """One of `parts`."""

    def part(graph: Graph, end: int) -> int:
        node = graph.node()
        graph.skips[node] |= {one(graph, end) for one in parts}
        return node

    return part


def maybe(one: Part) -> Part:
    """The part `one`, or nothing."""
    return either(one, lambda graph, end: end)


def repeat(one: Part, least: int, most: int) -> Part:
    """The part `one`, `least` to `most` times."""

    def part(graph: Graph, end: int) -> int:
        begin = end
        for _ in range(most - least):
            fork, more = graph.node(), one(graph, begin)
            graph.skips[fork] |= {more, end}
            begin = fork
        for _ in range(least):
            begin = one(graph, begin)
        return begin

    return part


def words(entries: Iterable[str]) -> Part:
    """One of `entries`. Entries that begin alike share nodes."""
    held = tuple(entries)

    def part(graph: Graph, end: int) -> int:
        root = graph.node()
        for entry in held:
            node = root
            for char in entry:
                after = graph.edges[node].get(char) or {graph.node()}
                graph.edges[node][char] = after
                (node,) = after
            graph.skips[node].add(end)
        return root

    return part


def text(fixed: str, *, anycase: bool = True) -> Part:
    """The text `fixed`. With `anycase` each letter may be a capital or small."""
    return seq(*(chars(c.lower() + c.upper() if anycase and c.lower() != c.upper() else c) for c in fixed))
