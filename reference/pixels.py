"""Golden pixels of everything done to pictures outside the networks, by OpenCV and Pillow.

    python reference/pixels.py

writes crates/chatsd-diffusion/tests/goldens/pixels.safetensors: `picture` (height x width x 3) and `mask`, and of them

    lanczos.WxH, cubic.WxH, triangle.WxH   resized by Pillow
    latent.WxH                  its upper left 5 x 6 pixels by PyTorch's interpolate in mode bilinear, in f32
    hard                        the mask before it was blurred by OpenCV as stable-diffusion-webui blurs it, deviation 4
    filled                      colours drawn in under the mask by Pillow's blur and composition
    canny, canny.wide           OpenCV's edges, thresholds 100 and 200, and 30 and 60
    lineart, scribble           lines as stable-diffusion-webui's `lineart_standard` and `scribble_xdog` define them

All others are bytes, stored as f16, which holds them all.
"""

from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image, ImageFilter, ImageOps
from safetensors.torch import save_file

TARGET = Path(__file__).parents[1] / "crates/chatsd-diffusion/tests/goldens/pixels.safetensors"
WIDTH, HEIGHT = 44, 36


def picture():
    """Shapes with hard and soft edges, and grain."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    red = 60 + 3 * x
    green = np.where((x - 20) ** 2 + (y - 18) ** 2 < 110, 230, 40)
    blue = np.where((x + y > 50) & (x < 40), 200, 20 + 2 * y)
    for colour in (red, green, blue):  # pen strokes on a light ground
        colour[:, 30:] += 80
        colour[np.abs(y - x / 3 - 4) < 0.8] = 10
        colour[6:30, 37] = 0
    grain = np.random.default_rng(5).normal(0, 4, (HEIGHT, WIDTH, 3))
    return np.clip(np.stack([red, green, blue], axis=2) + grain, 0, 255).astype(np.uint8)


def drawn_in(image, mask):
    below, masked = Image.new("RGBA", image.size), Image.new("RGBa", image.size)
    masked.paste(image.convert("RGBA").convert("RGBa"), mask=ImageOps.invert(mask))
    for radius, times in [(256, 1), (64, 1), (16, 2), (4, 4), (2, 2), (0, 1)]:
        layer = masked.filter(ImageFilter.GaussianBlur(radius)).convert("RGBA")
        for _ in range(times):
            below.alpha_composite(layer)
    return np.array(below.convert("RGB"))


def lineart(image):
    darker = np.min(cv2.GaussianBlur(image, (0, 0), 6.0).astype(np.float32) - image.astype(np.float32), axis=2)
    darker = darker.clip(0, 255)
    return (darker / max(16, np.median(darker[darker > 8])) * 127).clip(0, 255).astype(np.uint8)


def scribble(image):
    fine, coarse = (cv2.GaussianBlur(image.astype(np.float32), (0, 0), deviation) for deviation in (0.5, 5.0))
    difference = (255 - np.min(coarse - fine, axis=2)).clip(0, 255).astype(np.uint8)
    return np.where(2 * (255 - difference.astype(np.int32)) > 32, 255, 0).astype(np.uint8)


def main():
    image, mask = picture(), np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[10:25, 12:28] = 255
    soft = cv2.GaussianBlur(cv2.GaussianBlur(mask, (21, 1), 4), (1, 21), 4)
    made = {"picture": image, "hard": mask, "mask": soft}
    for name, kernel in [("lanczos", Image.LANCZOS), ("cubic", Image.BICUBIC), ("triangle", Image.BILINEAR)]:
        for width, height in [(60, 40), (23, 17)]:
            made[f"{name}.{width}x{height}"] = np.array(Image.fromarray(image).resize((width, height), kernel))
    latent = torch.from_numpy(image[:6, :5].astype(np.float32))
    for height, width in [(12, 10), (9, 7)]:
        larger = torch.nn.functional.interpolate(latent.permute(2, 0, 1)[None], size=(height, width), mode="bilinear")
        made[f"latent.{width}x{height}"] = np.ascontiguousarray(larger[0].permute(1, 2, 0).numpy())
    made["filled"] = drawn_in(Image.fromarray(image), Image.fromarray(soft))
    made["canny"], made["canny.wide"] = cv2.Canny(image, 100, 200), cv2.Canny(image, 30, 60)
    made["lineart"], made["scribble"] = lineart(image), scribble(image)
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    stored = {name: values if name.startswith("latent") else values.astype(np.float16) for name, values in made.items()}
    save_file({name: torch.from_numpy(values) for name, values in stored.items()}, TARGET)
    for name, values in made.items():
        print(f"{name:16} {values.shape} mean {values.mean():.1f}")
    print(TARGET.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
