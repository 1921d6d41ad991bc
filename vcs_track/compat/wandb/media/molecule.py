"""Molecules."""

from __future__ import annotations

import io
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, Final, Self

from vcs_track.compat.wandb.errors import BadValueError
from vcs_track.compat.wandb.media.file import FileMedia, is_path, read_stream
from vcs_track.compat.wandb.media.refusals import NotInstalledError

__all__ = ["Molecule"]

_FORMATS: Final = (
    "pdb", "pqr", "mmcif", "mcif", "cif", "sdf", "sd", "gro", "mol2", "mmtf",
)  # fmt: skip


class Molecule(FileMedia):
    """A molecule.

    Args:
        data_or_path: A path or an open file.
        caption: What is said of it.
        file_type: Format of an open file.

    Raises:
        BadValueError: If it is of another format.
        MissingFileError: If the file is not there.

    Example:
        >>> import io
        >>> from vcs_track.compat.wandb.media.molecule import Molecule
        >>> Molecule(io.StringIO("ATOM"), file_type="pdb").format
        'pdb'
    """

    _type: ClassVar[str] = "molecule-file"
    _folder: ClassVar[str] = "molecule"
    SUPPORTED_TYPES: ClassVar[frozenset[str]] = frozenset(_FORMATS)
    SUPPORTED_RDKIT_TYPES: ClassVar[frozenset[str]] = frozenset({"mol", "sdf"})

    def __init__(
        self, data_or_path: Any, caption: str | None = None, file_type: str | None = None
    ) -> None:
        self._caption = None if caption is None else str(caption)
        if is_path(data_or_path):
            self._take_file(data_or_path, _FORMATS, "Molecule")
            return
        if not hasattr(data_or_path, "read"):
            raise BadValueError("Data must be file name or a file object")
        if file_type is None:
            raise BadValueError("Must pass file_type keyword argument when using io objects.")
        if file_type not in _FORMATS:
            raise BadValueError(f"Molecule only supports files of the type: {', '.join(_FORMATS)}")
        self._data, self._extension = read_stream(data_or_path), file_type

    @property
    def format(self) -> str:
        """Ending of the file."""
        return self._extension

    @classmethod
    def from_smiles(
        cls,
        data: str,
        caption: str | None = None,
        sanitize: bool = True,
        convert_to_3d_and_optimize: bool = True,
        mmff_optimize_molecule_max_iterations: int = 200,
    ) -> Self:
        """Return a molecule that is written as SMILES, with the help of rdkit."""
        found = _rdkit("Chem").MolFromSmiles(data, sanitize=sanitize)
        if found is None:
            raise BadValueError(f"'{data:.60}' is no SMILES")
        return cls.from_rdkit(
            found, caption, convert_to_3d_and_optimize, mmff_optimize_molecule_max_iterations
        )

    @classmethod
    def from_rdkit(
        cls,
        data_or_path: Any,
        caption: str | None = None,
        convert_to_3d_and_optimize: bool = True,
        mmff_optimize_molecule_max_iterations: int = 200,
    ) -> Self:
        """Return a molecule of rdkit, or one from a ``mol`` or ``sdf`` file."""
        chem = _rdkit("Chem")
        if is_path(data_or_path):
            ending = Path(data_or_path).suffix
            if ending not in (".mol", ".sdf"):
                raise BadValueError(
                    "Molecule.from_rdkit only supports files of the type: mol, sdf"
                )
            if ending == ".sdf":
                found = next(iter(chem.SDMolSupplier(str(data_or_path))), None)
            else:
                found = chem.MolFromMolFile(str(data_or_path))
        else:
            found = data_or_path
        if found is None or not hasattr(found, "GetNumAtoms"):
            raise BadValueError("Data must be file name or an rdkit.Chem.rdchem.Mol object")
        if convert_to_3d_and_optimize:
            shapes = _rdkit("Chem.AllChem")
            found = chem.AddHs(found)
            shapes.EmbedMolecule(found)
            shapes.MMFFOptimizeMolecule(found, maxIters=mmff_optimize_molecule_max_iterations)
        text = chem.MolToPDBBlock(found)
        return cls(io.StringIO(text), caption, file_type="pdb")


def _rdkit(name: str) -> Any:
    try:
        return import_module(f"rdkit.{name}")
    except ImportError:
        raise NotInstalledError(
            "molecules of this form need the package rdkit", hint="pip install rdkit"
        ) from None
