"""The State Council's holiday notices, as worded each year, compared with the actual holidays."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from deepseek_cost.errors import InputError
from deepseek_cost.pricing.book import PriceBook
from deepseek_cost.pricing.holidays import with_holidays
from deepseek_cost.pricing.notice import read_notice, to_toml
from tests.conftest import Dscost

HEAD = "国务院办公厅关于{year}年部分节假日安排的通知\n\n各省、自治区、直辖市人民政府：\n\n"
# What the notices of these years say, as worded each year.
ITEMS = {
    2020: """一、元旦：2020年1月1日放假，共1天。
二、春节：1月24日至30日放假调休，共7天。1月19日（星期日）、2月1日（星期六）上班。
三、清明节：4月4日至6日放假调休，共3天。
四、劳动节：5月1日至5日放假调休，共5天。4月26日（星期日）、5月9日（星期六）上班。
五、端午节：6月25日至27日放假调休，共3天。6月28日（星期日）上班。
六、国庆节、中秋节：10月1日至8日放假调休，共8天。9月27日（星期日）、10月10日（星期六）上班。""",
    2022: """一、元旦：2022年1月1日至3日放假，共3天。
二、春节：1月31日至2月6日放假调休，共7天。1月29日（星期六）、1月30日（星期日）上班。
三、清明节：4月3日至5日放假调休，共3天。4月2日（星期六）上班。
四、劳动节：4月30日至5月4日放假调休，共5天。4月24日（星期日）、5月7日（星期六）上班。
五、端午节：6月3日至5日放假，共3天。
六、中秋节：9月10日至12日放假，共3天。
七、国庆节：10月1日至7日放假调休，共7天。10月8日（星期六）、10月9日（星期日）上班。""",
    2023: """一、元旦：2022年12月31日至2023年1月2日放假调休，共3天。
二、春节：1月21日至27日放假调休，共7天。1月28日（星期六）、1月29日（星期日）上班。
三、清明节：4月5日放假，共1天。
四、劳动节：4月29日至5月3日放假调休，共5天。4月23日（星期日）、5月6日（星期六）上班。
五、端午节：6月22日至24日放假调休，共3天。6月25日（星期日）上班。
六、中秋节、国庆节：9月29日至10月6日放假调休，共8天。10月7日（星期六）、10月8日（星期日）上班。""",
    2024: """一、元旦：1月1日放假，与周末连休。
二、春节：2月10日至17日放假调休，共8天。2月4日（星期日）、2月18日（星期日）上班。鼓励各单位结合带薪年休假等制度落实，安排职工在除夕（2月9日）休息。
三、清明节：4月4日至6日放假调休，共3天。4月7日（星期日）上班。
四、劳动节：5月1日至5日放假调休，共5天。4月28日（星期日）、5月11日（星期六）上班。
五、端午节：6月10日放假，与周末连休。
六、中秋节：9月15日至17日放假调休，共3天。9月14日（星期六）上班。
七、国庆节：10月1日至7日放假调休，共7天。9月29日（星期日）、10月12日（星期六）上班。""",
    2025: """一、元旦：1月1日（周三）放假1天，不调休。
二、春节：1月28日（农历除夕、周二）至2月4日（农历正月初七、周二）放假调休，共8天。1月26日（周日）、2月8日（周六）上班。
三、清明节：4月4日（周五）至6日（周日）放假，共3天。
四、劳动节：5月1日（周四）至5日（周一）放假调休，共5天。4月27日（周日）上班。
五、端午节：5月31日（周六）至6月2日（周一）放假，共3天。
六、国庆节、中秋节：10月1日（周三）至8日（周三）放假调休，共8天。9月28日（周日）、10月11日（周六）上班。""",
    2026: """一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。
二、春节：2月15日（农历腊月二十八、周日）至23日（农历正月初七、周一）放假调休，共9天。2月14日（周六）、2月28日（周六）上班。
三、清明节：4月4日（周六）至6日（周一）放假，共3天。
四、劳动节：5月1日（周五）至5日（周二）放假调休，共5天。5月9日（周六）上班。
五、端午节：6月19日（周五）至21日（周日）放假，共3天。
六、中秋节：9月25日（周五）至27日（周日）放假，共3天。
七、国庆节：10月1日（周四）至7日（周三）放假调休，共7天。9月20日（周日）、10月10日（周六）上班。""",
}
# First and last days off, and working weekend days, as month-day.
ARRANGED = {
    2020: (
        "01-01..01-01 01-24..01-30 04-04..04-06 05-01..05-05 06-25..06-27 10-01..10-08",
        "01-19 02-01 04-26 05-09 06-28 09-27 10-10",
    ),
    2022: (
        "01-01..01-03 01-31..02-06 04-03..04-05 04-30..05-04 06-03..06-05 09-10..09-12 10-01..10-07",  # noqa: E501
        "01-29 01-30 04-02 04-24 05-07 10-08 10-09",
    ),
    2023: (
        "12-31..01-02 01-21..01-27 04-05..04-05 04-29..05-03 06-22..06-24 09-29..10-06",
        "01-28 01-29 04-23 05-06 06-25 10-07 10-08",
    ),
    2024: (
        "12-30..01-01 02-10..02-17 04-04..04-06 05-01..05-05 06-08..06-10 09-15..09-17 10-01..10-07",  # noqa: E501
        "02-04 02-18 04-07 04-28 05-11 09-14 09-29 10-12",
    ),
    2025: (
        "01-01..01-01 01-28..02-04 04-04..04-06 05-01..05-05 05-31..06-02 10-01..10-08",
        "01-26 02-08 04-27 09-28 10-11",
    ),
}


def notice(year: int) -> str:
    return HEAD.format(year=year) + ITEMS[year]


@pytest.mark.parametrize("year", ARRANGED)
def test_a_notice_is_read_as_what_was_arranged(year: int) -> None:
    found = read_notice(notice(year), "notice")

    spans, worked = ARRANGED[year]
    expected = []
    for span in spans.split():
        first, last = (date.fromisoformat(f"{year}-{part}") for part in span.split(".."))
        first = first.replace(year=year - 1) if first > last else first
        expected.append([first + timedelta(n) for n in range((last - first).days + 1)])
    assert [list(days) for days in found.days_off.values()] == expected
    assert found.makeup_workdays == tuple(date.fromisoformat(f"{year}-{d}") for d in worked.split())


def test_the_notice_of_2026_is_the_entry_of_the_price_table(book: PriceBook) -> None:
    found = read_notice(notice(2026), "notice")

    (entry,) = [entry for entry in book.holidays if entry.year == 2026]
    assert (found.year, found.days_off, found.makeup_workdays) == (
        entry.year,
        entry.days_off,
        entry.makeup_workdays,
    )


@pytest.mark.parametrize(
    ("written", "instead", "message"),
    [
        ("1月1日（周四）", "1月2日（周四）", "2026-01-02 is not a 周四"),
        ("共9天", "共8天", "9 days, but it says"),
        ("放假调休，共7天", "调休", "not understood"),
        ("六、中秋节", "六、重阳节", "not understood: 六、重阳节"),
        ("六、中秋节：9月25日（周五）至27日（周日）放假，共3天。\n", "", "no days for Mid-Autumn"),
        ("2月14日", "2月31日", "2月31日: day is out of range"),
        ("关于2026年部分节假日安排", "关于会议", "not a notice of holidays"),
        ("5月9日（周六）上班。", "5月9日（周六）上课。", "not understood: 5月9日"),
    ],
)
def test_what_a_notice_does_not_say_clearly_is_an_error(
    written: str, instead: str, message: str
) -> None:
    text = notice(2026)
    assert written in text
    with pytest.raises(InputError, match=message):
        read_notice(text.replace(written, instead, 1), "notice")


def test_a_notice_becomes_a_file_next_to_the_bundled_table(
    dscost: Dscost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In 2027, February 9 is the Tuesday after the legal days of the Spring Festival.
    text = (
        HEAD.format(year=2027)
        + """一、元旦：1月1日（周五）放假。
二、春节：2月5日至11日放假调休，共7天。2月20日（周六）上班。
三、清明节：4月5日放假，共1天。
四、劳动节：5月1日至5日放假调休，共5天。
五、端午节：6月9日放假。
六、中秋节：9月15日放假。
七、国庆节：10月1日至7日放假调休，共7天。"""
    )
    (tmp_path / "notice.txt").write_text(text, encoding="utf-8")
    ran = dscost("prices", "holidays", tmp_path / "notice.txt")
    assert (ran.code, ran.err) == (0, "")

    before = dscost("when", "--at", "2027-02-09T02:00Z", "--json").out
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "dscost").mkdir()
    (tmp_path / "dscost" / "holidays.toml").write_text(ran.out, encoding="utf-8")
    after = dscost("when", "--at", "2027-02-09T02:00Z", "--json").out

    assert '"tier": "peak"' in before.partition('"until"')[0]
    assert '"tier": "off_peak"' in after.partition('"until"')[0]


def test_a_file_of_holidays_takes_the_place_of_its_years_alone(
    book: PriceBook, tmp_path: Path
) -> None:
    path = tmp_path / "holidays.toml"
    path.write_text(
        to_toml(read_notice(notice(2025), 'a "b" \\c'), 'a "b" \\c', date(2026, 11, 28))
    )

    found = with_holidays(book, path)

    assert [entry.year for entry in found.holidays] == [2026, 2027, 2025]
    assert found.holidays[-1].source == ('a "b" \\c',)
    assert found.calendar.holiday(date(2025, 10, 8)) == "National Day and Mid-Autumn"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[holidays]]\nyear = 2027", "missing required field"),
        ("[[holidays]", "not valid TOML"),
        ("x = 1", "unknown field"),
        ("#" * 200_000, "larger than"),
    ],
)
def test_a_wrong_file_of_holidays_is_one_line_and_exit_1(
    dscost: Dscost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "dscost").mkdir()
    (tmp_path / "dscost" / "holidays.toml").write_text(text, encoding="utf-8")

    ran = dscost("when")

    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert message in ran.err
