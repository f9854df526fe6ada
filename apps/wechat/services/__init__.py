"""The public writes of apps.wechat."""

from apps.wechat.services.pushes import Source, pushes_process, pushes_purge, pushes_store, pushes_sweep
from apps.wechat.services.scenes import SceneImageUnavailable, scene_code_for, scene_image

__all__ = [
    "SceneImageUnavailable",
    "Source",
    "pushes_process",
    "pushes_purge",
    "pushes_store",
    "pushes_sweep",
    "scene_code_for",
    "scene_image",
]
