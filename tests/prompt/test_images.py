"""Image tokens by size, equal to those from DeepSeek's own code."""

from pathlib import Path
from random import Random
from typing import Literal

import deepseek_recipe as recipe
import pytest

from deepseek_cost.errors import InputError
from deepseek_cost.prompt.conversation import Image
from deepseek_cost.prompt.images import fitted, image_tokens, tokens_of_pixels
from tests.pictures import png, turned_jpeg


@pytest.mark.parametrize(
    ("size", "tokens"),
    [
        *(((544, 544), 184), ((1, 1), 184), ((1000, 1000), 602)),
        *(((1280, 720), 578), ((1920, 1080), 968), ((8_192, 1), 393)),
    ],
)
def test_an_image_has_the_tokens_of_its_size(size: tuple[int, int], tokens: int) -> None:
    assert tokens_of_pixels(*size) == tokens


def test_a_strip_of_1_pixel_is_enlarged_to_28() -> None:
    # At least 544 x 544 pixels: 20,407 x 14, cut to 16,380 x 14, which is too small again.
    assert fitted(1407, 1) == (16_380, 28)
    assert tokens_of_pixels(1407, 1) == 1 * (16_380 // 42 + 1) + 2


def official(width: int, height: int) -> int:
    """Return the tokens that DeepSeek's code counts for an image of a size."""
    info = recipe.ImageInfo(b"", width, height)
    return 1 + recipe.MultiModalData([info]).image_token_adjustment()


def sizes(seed: int) -> list[tuple[int, int]]:
    """Return sizes of up to 8,192 pixels a side: any, small ones, and strips."""
    chance = Random(seed)  # noqa: S311 - no secret
    found = []
    for _ in range(10_000):
        narrow = chance.choice((1, 1, 8, 300))
        size = chance.randint(1, 8_192), max(1, chance.randint(1, 8_192) // narrow)
        found.append(size if chance.random() < 0.5 else size[::-1])
        found.append((chance.randint(1, 600), chance.randint(1, 600)))
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_sizes_and_strips_have_the_tokens_of_deepseeks_own_code(seed: int) -> None:
    uncut = [size for size in sizes(seed) if max(fitted(*size)) < 16_380]

    assert len(uncut) > 19_000
    assert [s for s in uncut if tokens_of_pixels(*s) != official(*s)] == []


def test_a_grid_of_exact_ratios_has_the_tokens_of_deepseeks_own_code() -> None:
    # For 1,022 tokens, these ratios give an exact whole number of columns or rows.
    grid = [(c * (c + 1) * m, 1_022 * m) for c in range(3, 90) for m in range(1, 9)]
    grid += [((1_022 - c) * m, c * c * m) for c in range(3, 90) for m in range(2, 9)]

    assert [s for s in grid if tokens_of_pixels(*s) != official(*s)] == []


@pytest.mark.parametrize("detail", ["high", "low"])
@pytest.mark.parametrize(
    "size",
    [
        *((640, 480), (1280, 720), (333, 1000), (1000, 335), (2000, 77), (30, 9), (777, 513)),
        *((812, 5), (7445, 1), (1, 3475), (1407, 1), (1024, 5), (3, 1024), (13, 29), (1133, 7)),
    ],
)
def test_a_whole_picture_has_the_size_and_tokens_that_deepseeks_own_code_gives_it(
    size: tuple[int, int], detail: Literal["high", "low"]
) -> None:
    options = recipe.PreprocessOptions(detail, 8_192, 512)
    info = recipe.OpenCvImagePreprocessor().preprocess(png(*size), options)

    assert tokens_of_pixels(*size, low_detail=detail == "low") == official(info.width, info.height)
    if detail == "high":
        assert fitted(*size) == (info.width, info.height)


@pytest.mark.parametrize(("size", "tokens"), [((1080, 1920), 986), ((1920, 1080), 968)])
def test_a_photo_that_viewers_turn_has_the_tokens_of_the_pixels_as_stored(
    tmp_path: Path, size: tuple[int, int], tokens: int
) -> None:
    (tmp_path / "photo.jpg").write_bytes(turned_jpeg(*size))

    assert image_tokens(Image("photo.jpg", "messages[0].content[0]"), tmp_path) == tokens


def test_an_image_of_more_than_8192_pixels_a_side_is_refused_as_the_api_does(
    tmp_path: Path,
) -> None:
    (tmp_path / "long.png").write_bytes(png(8_193, 1))

    with pytest.raises(InputError, match=r"the API refuses it: 8,193 x 1 pixels are more than"):
        image_tokens(Image("long.png", "messages[0].content[0]"), tmp_path)
    options = recipe.PreprocessOptions("high", 8_192, 512)
    with pytest.raises(recipe.ImageError):
        recipe.OpenCvImagePreprocessor().preprocess(png(8_193, 1), options)
