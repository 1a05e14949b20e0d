"""Invented names for the demonstration; any likeness is chance."""

from __future__ import annotations

from random import Random

SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
)
_GIVEN = """
伟 芳 娜 敏 静 丽 强 磊 军 洋 勇 艳 杰 娟 涛 明 超 兰 霞 平 刚 桂英 建国 小明 志强 晓红 海燕 文博 子轩 雨桐
思远 佳怡 浩然 嘉豪 梓涵 俊杰 雅琴 国栋 淑珍 永康 宇航 美玲 德华 春梅 立新 玉兰 少华 若曦
"""
_FIRST = """
James Emma Oliver Sophie Daniel Grace Thomas Hannah Michael Laura Peter Alice
"""
_LAST = """
Parker Hughes Bennett Collins Morgan Foster Turner Hayes Brooks Palmer Walsh Reid
"""
GIVEN, ENGLISH_FIRST, ENGLISH_LAST = _GIVEN.split(), _FIRST.split(), _LAST.split()


def chinese_name(random: Random) -> str:
    """Family name first."""
    return random.choice(SURNAMES) + random.choice(GIVEN)


def english_name(random: Random) -> str:
    """Given name first."""
    return f"{random.choice(ENGLISH_FIRST)} {random.choice(ENGLISH_LAST)}"
