"""Python loads this module at its start. It moves the clock of the program to the one of the test, in TEST_CLOCK_FILE."""

import datetime
import os
import time

CLOCK = os.environ.get("TEST_CLOCK_FILE")


def now_seconds():
    with open(CLOCK) as file:
        return int(file.read()) / 1000


if CLOCK:
    RealDatetime = datetime.datetime

    class InstancesOfReal(type):
        def __instancecheck__(cls, instance):
            return isinstance(instance, RealDatetime)

    class MovedDatetime(RealDatetime, metaclass=InstancesOfReal):
        @classmethod
        def now(cls, tz=None):
            return RealDatetime.fromtimestamp(now_seconds(), tz)

        @classmethod
        def utcnow(cls):
            return RealDatetime.fromtimestamp(now_seconds(), datetime.timezone.utc).replace(tzinfo=None)

    datetime.datetime = MovedDatetime
    time.time = now_seconds
