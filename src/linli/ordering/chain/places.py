"""Buildings, units and rooms as neighbours write them: 8栋, 3-1202, 12#1503, 8栋2单元301."""

from __future__ import annotations

import re

from linli.ordering.chain.vocabulary import PLACE_WORD, UNIT

_CN = "[一二三四五六七八九十]{1,3}"
_NOT_COUNT = rf"(?![\d.]|\s?(?:{UNIT}|元|块))"
_NUMBER = rf"(?:[A-Za-z]?\d{{1,3}}|[A-Za-z]|{_CN}|[东西南北])"
_BUILDING = rf"(?:{_NUMBER}\s?(?:号楼|号院|[栋幢座弄]|组团|期(?!待)|区(?!别))|[A-Za-z]?\d{{1,3}}[号#]楼?)"
_FLOOR = rf"(?:\d{{1,2}}|{_CN})(?:楼(?![下上])|层(?!蛋|塔))"
_STAIRS = rf"(?:(?:\d{{1,2}}|{_CN}|[A-Za-z])\s?(?:单元|号门|门洞|梯|门(?![口卫岗]))|{_FLOOR})"
_ROOM = rf"\d{{2,4}}(?:(?:室|房|户)|{_NOT_COUNT})"
PLACE = (
    rf"(?:{_BUILDING}(?:[-\s]?(?:{_BUILDING}|{_STAIRS}))*(?:\s?-?\s?\d{{1,2}}-{_ROOM}|-?{_ROOM}|\s-?\d{{3,4}}(?:室|房|{_NOT_COUNT}))?"
    rf"|{_STAIRS}(?:[-\s]?{_STAIRS})*(?:-?{_ROOM}|\s\d{{3,4}}{_NOT_COUNT})?"
    rf"|[A-Za-z]?\d{{1,3}}(?:[-/]\d{{1,3}}){{1,2}}[-/]\d{{2,4}}(?:室|房|{_NOT_COUNT})"
    rf"|[A-Za-z]?\d{{1,3}}[-/]\d{{3,4}}(?:室|房|{_NOT_COUNT})"
    rf"|[A-Za-z]\d{{3,4}}室?{_NOT_COUNT}|\d{{3,4}}(?:室|房))"
)
_WHOLE = re.compile(rf"(?:{PLACE}|{PLACE_WORD.pattern})(?:[\s,，-]*(?:{PLACE}|{PLACE_WORD.pattern}|\d{{3,4}}))*")


def is_place(text: str) -> bool:
    """Say whether the whole text is nothing but a place."""
    return _WHOLE.fullmatch(text.strip()) is not None
