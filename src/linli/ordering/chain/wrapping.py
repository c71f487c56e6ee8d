"""Takes the text of a chain out of what it arrives in: bytes of a file, the XML of a chat record, entities."""

from __future__ import annotations

import re
from contextlib import suppress
from html import unescape

from linli.ordering.chain.model import ChainUnreadable

_MARKUP = re.compile(r"<(?:msg|appmsg|\?xml)\b")
_ENTITY = re.compile(r"&(?:#x?[0-9A-Fa-f]{1,6}|lt|gt|amp|quot|apos|nbsp);")
_CHINESE = re.compile("[一-鿿]")
_LARGEST = 2_000_000
_MOST_TITLES = 200


def decode_chain(raw: bytes) -> str:
    """Decode a pasted file: UTF-8 with or without a mark, or GB18030 that reads as Chinese; else refuse it."""
    if b"\0" in raw[:4096]:
        raise ChainUnreadable("the file is not text")
    with suppress(UnicodeDecodeError):
        return raw.decode("utf-8-sig")
    # Broken UTF-8 often passes as GB18030 nonsense, but then most of its high bytes are still good UTF-8.
    high = sum(byte > 0x7F for byte in raw)
    if 6 * len(_CHINESE.findall(raw.decode("utf-8", "ignore"))) > high:
        raise ChainUnreadable("the file is broken UTF-8")
    with suppress(UnicodeDecodeError):
        text = raw.decode("gb18030")
        letters = [c for c in text if ord(c) > 0x7F]
        usual = sum(1 for c in letters if "一" <= c <= "鿿" or "\u3000" <= c <= "\u303f" or "\uff01" <= c <= "\uff5e")
        if usual >= 0.9 * len(letters) and any(c in _EVERYDAY for c in letters):
            return text
    raise ChainUnreadable("the file is neither UTF-8 nor Chinese GB18030 text")


_EVERYDAY = frozenset("接龙斤箱份盒袋瓶包个栋号楼姐元一二三两的了大小水果苹牛奶提送取张李王刘陈")


def unwrap(text: str) -> str:
    """Give the text of the chain itself, with ordinary line ends; refuse what is no text or far too long."""
    if len(text) > _LARGEST:
        raise ChainUnreadable("the text is too long to be a chain")
    if "&lt;" in text and not _MARKUP.search(text):
        loosened = unescape(text)
        text = loosened if _MARKUP.search(loosened) else text
    if _MARKUP.search(text):
        text = _of_record(text)
    elif _ENTITY.search(text):
        text = unescape(text)
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\x0b", "\n")
    if "\n" not in text and text.count("\\n") >= 2:
        text = text.replace("\\n", "\n")
    if not text.strip():
        raise ChainUnreadable("there is no text")
    strange = sum(1 for c in text if (c < " " and c not in "\n\t") or c == "\ufffd")
    if strange > len(text) // 20:
        raise ChainUnreadable("this is not text")
    return text


def _of_record(text: str) -> str:
    parts = [part.partition("</title>")[0].strip() for part in text.split("<title>")[1:_MOST_TITLES]]
    titles = [part[9:].removesuffix("]]>") if part.startswith("<![CDATA[") else unescape(part) for part in parts]
    titles = [unescape(title) if _ENTITY.search(title) else title for title in titles]
    chains = [title for title in titles if "接龙" in title or "接龍" in title]
    if chains or (titles and _CHINESE.search(titles[0])):
        return (chains or titles)[0]
    raise ChainUnreadable("the chat record holds no chain")
