"""What Salesforce's own Metadata WSDL allows in a file: elements, their order, enumerated words.

The WSDL (API 63) comes with simple-salesforce. Nearly every element is optional in it; what a deployment requires
beyond it is in `rules`.
"""

import copy
from functools import cache
from importlib.resources import files

from lxml import etree  # type: ignore[import-untyped]

XSD = "http://www.w3.org/2001/XMLSchema"
METADATA = "http://soap.sforce.com/2006/04/metadata"


def refusals(document: bytes) -> list[str]:
    """Why Salesforce's schema refuses a file, one sentence each; empty when it takes it."""
    try:
        tree = etree.fromstring(document)
    except etree.XMLSyntaxError as error:
        return [f"not well-formed: {error}"]
    schema = _schema()
    schema.validate(tree)
    return [f"line {entry.line}: {entry.message}" for entry in schema.error_log]


@cache
def _schema() -> etree.XMLSchema:
    source = etree.fromstring(files("simple_salesforce").joinpath("metadata.wsdl").read_bytes())
    found = source.find(f".//{{{XSD}}}schema")
    # The types refer to each other by the prefix `tns`, which the WSDL declares outside its schema.
    root = etree.Element(f"{{{XSD}}}schema", nsmap={"xsd": XSD, "tns": METADATA})
    for name, value in found.attrib.items():
        root.set(name, value)
    root.extend(copy.deepcopy(child) for child in found)
    # The WSDL has the types but no documents: a file's root element carries the name of its type.
    for name in (kind.get("name") for kind in found.findall(f"{{{XSD}}}complexType")):
        etree.SubElement(root, f"{{{XSD}}}element", name=name, type=f"tns:{name}")
    return etree.XMLSchema(root)
