"""Requested pulls, and the read budget."""

from __future__ import annotations

from datetime import timedelta

import pytest

from data.pulls import LEAST_BETWEEN
from data.store import Store
from tests.data.samples import START, Clock

S = LEAST_BETWEEN.total_seconds()


def test_nobody_asked(store: Store) -> None:
    assert store.take_pulls() == []
    assert store.next_pull_request_at() is None


def test_what_was_asked_for_is_taken_once(store: Store) -> None:
    for number in (8, 0, 8, 3):
        store.ask_pull(number)
    assert store.next_pull_request_at() == START
    assert store.take_pulls() == [0, 3, 8]
    assert store.take_pulls() == []
    assert store.next_pull_request_at() is None


def test_one_asked_again_stays_for_later(store: Store, clock: Clock) -> None:
    store.ask_pull(8)
    assert store.take_pulls() == [8]
    store.ask_pull(8)  # in the same instant
    clock.forward(seconds=S - 1)
    store.ask_pull(8)
    store.ask_pull(9)
    assert store.next_pull_request_at() == START + timedelta(seconds=S - 1)
    assert store.take_pulls() == [9]
    assert store.next_pull_request_at() == START + LEAST_BETWEEN
    clock.forward(seconds=1)
    assert store.take_pulls() == [8]
    assert store.take_pulls() == []


def test_a_storm_is_one_pull_in_ten_seconds(store: Store, clock: Clock) -> None:
    taken = []
    for _ in range(40):
        store.ask_pull(8)
        taken += store.take_pulls()
        clock.forward(seconds=1)
    assert taken == [8] * 4


@pytest.mark.parametrize("days", [400, 0.001])
def test_a_clock_set_back_delays_nothing(store: Store, clock: Clock, days: float) -> None:
    store.ask_pull(8)
    assert store.take_pulls() == [8]
    store.ask_pull(8)
    clock.forward(days=-days)
    assert store.next_pull_request_at() == clock()
    assert store.take_pulls() == [8]


def test_reads_are_summed_from_a_time_on(store: Store, clock: Clock) -> None:
    store.add_reads(3)
    clock.forward(minutes=30)
    store.add_reads(4)
    assert store.reads_since(START) == 7
    assert store.reads_since(START + timedelta(microseconds=1)) == 4
    assert store.reads_since(clock() + timedelta(seconds=1)) == 0


def test_reads_of_a_clock_that_ran_ahead_do_not_count(store: Store, clock: Clock) -> None:
    clock.forward(hours=1)
    store.add_reads(90)
    clock.forward(hours=-1)
    store.add_reads(2)
    assert store.reads_since(START - timedelta(hours=1)) == 2


@pytest.mark.parametrize("hours", [2.1, -2.1])
def test_old_reads_are_forgotten(store: Store, clock: Clock, hours: float) -> None:
    store.add_reads(3)
    clock.forward(hours=hours)
    store.add_reads(4)
    clock.at = max(START, clock.at)
    assert store.reads_since(START - timedelta(hours=3)) == 4


def test_of_a_flood_some_are_taken_at_a_time_the_oldest_first(store: Store, clock: Clock) -> None:
    for number in (9, 3, 7):
        store.ask_pull(number)
        clock.forward(seconds=1)
    assert store.take_pulls(2) == [3, 9]
    assert store.take_pulls(2) == [7]
    assert store.take_pulls(2) == []
