"""A data set onto the Hugging Face hub, with the token of its log-in or of HF_TOKEN."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from core.errors import DataError
from core.system.hub import hub_reachable

MEANT = {  # what an answer of the hub means for who uploads
    401: "the hub knows no valid token here: log in with `hf auth login`, or set HF_TOKEN to a token that may write",
    403: "this token has no right to write there: use one that may, or another name",
    404: "there is no such user or organisation, or this token has no right to see it",
    409: "there is a data set of this name already: give another name, or --force to replace files in it",
}


def upload(files: Mapping[str, bytes], repo: str, private: bool = False, force: bool = False) -> str:
    """Make the data set `repo` (name/data-set) on the hub and upload the files; its address.

    force: into one that is there already, where files of these names are replaced, too.
    Raises DataError, with what to do, where the hub cannot be reached or refuses.
    """
    import httpx
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    if not hub_reachable():
        raise DataError(f"{hub_address()} cannot be reached, so nothing was uploaded: try again later.")
    api = HfApi()
    try:
        with tempfile.TemporaryDirectory() as folder:
            for name, content in files.items():
                (Path(folder) / name).write_bytes(content)
            made = api.create_repo(repo, repo_type="dataset", private=private, exist_ok=force)
            api.upload_folder(
                repo_id=made.repo_id, folder_path=folder, repo_type="dataset", commit_message="Upload with SAElect"
            )
    except HFValidationError as error:
        raise DataError(f"{repo!r} is no name of a data set on the hub: write it as name/data-set.") from error
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        said = MEANT.get(status, f"the hub answered {status}: {error.server_message or 'no reason given'}")
        raise DataError(f"{repo} was not uploaded: {said}.") from error
    except httpx.HTTPError as error:
        raise DataError(f"{repo} was not uploaded: the connection to {hub_address()} broke off. Try again.") from error
    return str(made)


def hub_address() -> str:
    """The hub's address: HF_ENDPOINT, else that of Hugging Face."""
    return os.environ.get("HF_ENDPOINT") or "https://huggingface.co"
