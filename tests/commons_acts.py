"""What a Gen3 data commons does besides creating and updating nodes: it registers, deletes, commits, and moves projects on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid5

from commons_rules import Entity, Report, Transaction, check_links, upload
from commons_store import Document, Record, Store, UserError

PROGRAMS, PROJECTS = UUID("85b08c6a-56a6-4474-9c30-b65abfd214a8"), UUID("249b4405-2c69-45d9-96bc-7410333d5d80")
"""Of these and its name the id of a program or a project is made."""
FROM: dict[str, tuple[str, ...]] = {"review": ("open",), "open": ("review",), "submit": ("review",)}
FROM |= {"release": ("open", "review", "submitted", "processing")}
"""What state a project must be in; for all else it must be open."""
SUBMITTED = ("biospecimen", "clinical", "data_file")
"""Nodes of these categories, and cases, are submitted with their project."""
DEPEND = (
    "Unable to delete entity because at least {} other(s) directly or indirectly depend on it. You can only delete this "
    "entity by deleting its dependents prior to, or during the same transaction as this one."
)


def begin(store: Store, program: str, code: str, role: str, path: str, **more: Any) -> Transaction:
    """A transaction, if the state of the project lets it begin."""
    project = store.project(program, code)
    assert project
    _allowed(project, role, path)
    return Transaction(store, program, code, role, **more)


def _allowed(project: Record, role: str, path: str) -> None:
    state, wanted = project.properties["state"], FROM.get(role, ("open",))
    if state not in wanted:
        raise UserError(
            f"Project is in state '{state}', which prevents {path}. In order to perform this action, "
            f"the project must be in state <{' or '.join(wanted)}>."
        )


def one_of(given: Any) -> Document:
    """The only document of a request; a list of one is taken for it."""
    document = given[0] if isinstance(given, list) and len(given) == 1 else given
    if not isinstance(document, dict):
        raise UserError("Program endpoint only supports single documents")
    return document


def register_program(store: Store, given: Any) -> Report:
    """Add a program, or update the one of that name."""
    document = one_of(given)
    if document.get("type") != "program":
        raise UserError(f"Invalid type in key type='{document.get('type')}'")
    if not (name := document.get("name")):
        raise UserError("No program specified in key 'name'")
    said = "Program is updated!" if store.program(name) else "Program registered."
    node_id = str(uuid5(PROGRAMS, name))
    properties = {"name": name, "dbgap_accession_number": document.get("dbgap_accession_number")}
    store.nodes = {**store.nodes, node_id: Record(node_id, "program", properties)}
    return {"id": node_id, "name": name, "message": said}


def register_project(store: Store, program: str, given: Any, path: str) -> Report:
    """Add a project to a program, or update the one of that code; what it lacks isn't asked for."""
    document = one_of(given)
    if (label := document.get("type")) and label != "project":
        raise UserError(f"Invalid post to program endpoint with type='{label}'")
    if not (code := document.get("code")):
        raise UserError("No project specified in key 'code'")
    if not document.get("dbgap_accession_number"):
        raise UserError("No dbGaP accesion number specified.")
    owner, old, node_id = store.program(program), store.project(program, code), str(uuid5(PROJECTS, code))
    if not old and node_id in store.nodes:
        raise UserError(f"ERROR: Project {code} already exists in DB")
    values = {name: value for name, value in document.items() if name not in ("type", "state", "released")}
    if unknown := [name for name in values if name not in store.dictionary["project"]["properties"]]:
        raise UserError(f"ERROR: <Project({node_id})> has no property {unknown[0]}")
    assert owner
    made = old or Record(node_id, "project", {"state": "open"}, {"programs": (owner.id,)})
    made = replace(made, properties={**made.properties, **values})
    _allowed(made, "update", path)
    transaction = Transaction(store, program, code, "update")
    transaction.nodes[node_id] = made
    action = "update" if old else "create"
    transaction.entities = [Entity(document, "project", node_id, action, made, [{"code": code}])]
    counts = {"created_entity_count": int(not old), "updated_entity_count": int(bool(old))}
    return transaction.finish(200, "Transaction successful.", **counts)


def delete(transaction: Transaction) -> Report:
    """Delete nodes, unless others need them; of these the first is told, with those that need it."""
    store, ids = transaction.store, list(dict.fromkeys(transaction.given))
    found = {one.id: one for one in store.nodes.values() if one.project_id == transaction.project_id}
    for record in (found[node_id] for node_id in ids if node_id in found):
        unique = store.unique_keys(record.type, record.properties, None)
        entity = Entity({}, record.type, record.id, "delete", record, unique)
        if record.properties.get("state", "validated") != "validated":
            said = "This node has been submitted. Deletion is disallowed for submitted entities. This node must be redacted."
            entity.refuse(said, ["state"], "INVALID_PERMISSIONS")
        transaction.entities.append(entity)
    for node_id in (node_id for node_id in ids if node_id not in found):
        entity = Entity({}, action="delete")
        entity.refuse("Entity not found.", ["id"], "NOT_FOUND", id=node_id)
        transaction.entities.append(entity)
    gone = {str(one.id) for one in transaction.entities if one.record}
    dependents: list[Record] = []
    for entity in (one for one in transaction.entities if one.record):
        needed = _dependents(transaction, str(entity.id), gone)
        if needed:
            told = [{"id": one.id, "type": one.type} for one in needed]
            entity.refuse(DEPEND.format(len(needed)), None, "INVALID_LINK", dependents=told)
        dependents += needed
    transaction.nodes = {node_id: _without(one, gone) for node_id, one in store.nodes.items() if node_id not in gone}
    done = f"Successfully deleted {len(ids)} entities"
    would = f"Dry run successful. Would have deleted {len(ids)} entities"
    return transaction.finish(
        *_ended(transaction, done, would, "Deletion transaction failed."),
        deleted_entity_count=len(ids) if transaction.success else 0,
        dependent_ids=",".join(one.id for one in dependents),
    )


def _ended(transaction: Transaction, done: str, would: str, failed: str) -> tuple[int, str]:
    """The status and the words of what is no upload."""
    if not transaction.success:
        return 400, failed
    return 200, would if transaction.dry_run else done


def _without(record: Record, gone: set[str]) -> Record:
    links = {name: tuple(target for target in ids if target not in gone) for name, ids in record.links.items()}
    return replace(record, links={name: ids for name, ids in links.items() if ids})


def _dependents(transaction: Transaction, node_id: str, gone: set[str]) -> list[Record]:
    """The first node that lacks a required link once others are gone, which is gone itself then, and what needs it."""
    for record, _ in transaction.store.sources(transaction.store.nodes[node_id]):
        if record.id in gone:
            continue
        probe = Entity({}, record.type, record.id, record=_without(record, gone))
        check_links(transaction, probe, Counter())
        if probe.errors:
            gone.add(record.id)
            return [record, *_dependents(transaction, record.id, gone)]
    return []


def move(transaction: Transaction) -> Report:
    """Close a project for review, or open it again."""
    said = f"uccessfully transitioned project state to '{transaction.role}'"
    _change(transaction, state=transaction.role)
    return transaction.finish(200, f"Dry run successful. Would have s{said}" if transaction.dry_run else f"S{said}")


def submit(transaction: Transaction) -> Report:
    """Mark a project and its nodes as submitted."""
    for record in list(transaction.nodes.values()):
        submitted = transaction.store.dictionary[record.type]["category"] in SUBMITTED or record.type == "case"
        if record.project_id == transaction.project_id and submitted:
            changed = replace(record, properties={**record.properties, "state": "submitted"})
            unique = transaction.store.unique_keys(record.type, record.properties, None)
            transaction.entities.append(Entity({}, record.type, record.id, "submit", changed, unique))
            transaction.nodes[record.id] = changed
    number = len(transaction.entities)
    transaction.errors += [] if number else ["Nothing to submit"]
    _change(transaction, state="submitted", releasable=True)
    done = f"Successfully submitted {number} entities."
    would = f"Dry run successful. Would have submitted {number} entities."
    ended = _ended(transaction, done, would, "Submit transaction failed.")
    return transaction.finish(*ended, submitted_entity_count=number)


def release(transaction: Transaction) -> Report:
    """Mark a project as released, once."""
    project = _change(transaction, released=True)
    if project.properties.get("released"):
        transaction.errors.append({"message": "Project is already released."})
    elif not project.properties.get("releasable"):
        told = "Project is not releasable. Project must be submitted at least once first."
        transaction.errors.append({"message": told})
    would = "Dry run successful. Would have released project."
    return transaction.finish(
        *_ended(transaction, "Successfully released project", would, "Release transaction failed.")
    )


def _change(transaction: Transaction, **changed: Any) -> Record:
    """Change the project, and return what it was."""
    project = transaction.store.project(transaction.program, transaction.code)
    assert project
    transaction.nodes[project.id] = replace(project, properties={**project.properties, **changed})
    return project


ACTS = {"create": upload, "update": upload, "delete": delete}
ACTS |= {"review": move, "open": move, "submit": submit, "release": release}


def commit(store: Store, program: str, code: str, number: int, path: str) -> Report:
    """Do again for good what a dry run tried."""
    old = _logged(store, program, code, number)
    if not old.success:
        raise UserError("Unable to commit transaction log in state FAILED.")
    if old.closed:
        raise UserError("Unable to commit closed transaction log.")
    if old.committed_by is not None:
        raise UserError(f"This transaction_log was committed already by transaction '{old.committed_by}'.")
    if not old.dry_run:
        raise UserError(f"Cannot submit transaction_log '{number}', not a dry_run.")
    if (old.program, old.code) != (program, code):
        raise UserError(f"Cannot submit transaction_log '{number}', in project {program}-{code}.")
    new = begin(store, program, code, old.role, path, given=old.given)
    done = ACTS[new.role](new)
    old.committed_by = new.number
    return done


def close(store: Store, program: str, code: str, number: int) -> Mapping[str, Any]:
    """Never let a dry run be committed."""
    old = _logged(store, program, code, number)
    if old.closed:
        raise UserError("This transaction log is already closed.")
    if not old.dry_run:
        raise UserError("This transaction log is not a dry run. Closing it would have no effect.")
    if old.committed_by is not None:
        raise UserError("This transaction log has already been committed. Closing it would have no effect.")
    old.closed = True
    return {"code": 200, "message": "Closed transaction.", "transaction_id": number}


def _logged(store: Store, program: str, code: str, number: int) -> Transaction:
    if number not in store.log:
        raise UserError(f"Unable to find transaction_log with id: {number} for project {program}-{code}", 404)
    found: Transaction = store.log[number]
    return found
