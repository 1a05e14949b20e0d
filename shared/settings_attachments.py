"""The settings of attachments: what is accepted, how it is looked into, and where the bytes lie.

Part of `shared.settings.Settings`; a module of its own only because that one is full.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

MIB = 1024 * 1024


class AttachmentSettings(BaseSettings):
    """See `shared.settings`."""

    # --- Attachments --------------------------------------------------------------------------------------
    attachment_bytes_max: int = Field(
        20 * MIB, ge=1024, le=64 * MIB, description="Size of one photo, scan or signature; above: 413"
    )
    attachment_pixels_max: int = Field(
        50_000_000, ge=10_000, le=200_000_000, description="Width times height of a picture"
    )
    attachment_pdf_pages_max: int = Field(100, ge=1, le=2_000, description="Pages of a PDF")
    attachments_per_request_max: int = Field(
        50, ge=1, le=500, description="Attachments ever added to one request, removed ones too"
    )
    attachment_check_seconds: int = Field(
        30, ge=1, le=120, description="How long one file may be looked into, in a process of its own"
    )
    attachment_check_memory_mib: int = Field(
        768, ge=256, le=8_192, description="Memory of the process that looks into one file"
    )
    attachment_checks_at_once_max: int = Field(
        2, ge=1, le=16, description="Files looked into at once by one process of intake"
    )
    attachment_checks_waiting_max: int = Field(
        16, ge=1, le=200, description="Files that wait for their look; above: 503 with Retry-After"
    )
    attachment_store_seconds: float = Field(
        60.0, gt=0, le=300, description="How long the store may take to keep one file"
    )
    attachment_link_minutes: int = Field(10, ge=1, le=1_440, description="How long a link to a file is good")
    attachment_orphan_minutes: int = Field(
        60, ge=10, le=1_440, description="Bytes that belong to no request after so long are deleted"
    )
    upload_expires_hours: int = Field(24, ge=1, le=168, description="How long an upload may stay unfinished")
    uploads_open_max: int = Field(
        20, ge=1, le=500, description="Unfinished uploads of one person in a property; above: 429"
    )
    upload_pieces_max: int = Field(400, ge=64, le=10_000, description="Pieces one upload may arrive in")
    upload_writes_at_once_max: int = Field(
        8, ge=1, le=30, description="Pieces written at once, so that uploads leave connections for the work"
    )
    link_hmac_key: SecretStr = Field(SecretStr(""), description="Signs the links to attachments")

    # --- Where attachments lie ----------------------------------------------------------------------------
    blob_store: Literal["gridfs", "s3"] = Field(
        "gridfs", description="gridfs: MongoDB, database <prefix>blobs; s3: an S3-compatible store"
    )
    s3_endpoint_url: str = Field("", description="Address of the S3-compatible store; empty: that of AWS")
    s3_bucket: str = Field("guanjia", min_length=3, max_length=63, description="Bucket, which must exist")
    s3_region: str = Field("us-east-1", description="Region of the bucket")
    s3_addressing: Literal["path", "virtual"] = Field(
        "path", description="path: the bucket stands in the path; virtual: in the name of the host"
    )
    s3_access_key_id: SecretStr = Field(SecretStr(""), description="Who we are to the store")
    s3_secret_access_key: SecretStr = Field(SecretStr(""), description="Password of that key")
    s3_timeout_seconds: float = Field(10.0, gt=0, description="Longest wait for that store")
