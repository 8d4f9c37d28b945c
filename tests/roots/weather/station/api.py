"""The HTTP API of the weather station, as OpenAPI."""


def openapi() -> dict[str, object]:
    """Give the document."""
    problem = {"application/problem+json": {"example": {"code": "bad_reading", "title": "Bad reading"}}}
    reading = {"$ref": "#/components/schemas/Reading"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Weather station", "version": "1"},
        "paths": {
            "/readings/{id}": {
                "get": {
                    "summary": "One reading",
                    "description": "Gives one reading.\n\n- by its number\n- while it is kept",
                    "tags": ["readings"],
                    "security": [{"token": []}],
                    "parameters": [
                        {
                            "name": "id",
                            "in": "path",
                            "required": True,
                            "description": "Number of the reading.",
                            "schema": {"type": "integer", "minimum": 1},
                        }
                    ],
                    "responses": {
                        "200": {"description": "The reading.", "content": {"application/json": {"schema": reading}}},
                        "422": {"description": "It is bad.", "content": problem},
                    },
                }
            }
        },
        "components": {
            "schemas": {
                "Reading": {
                    "type": "object",
                    "required": ["value"],
                    "properties": {
                        "value": {"type": "number", "description": "Temperature in °C.", "example": 21.5},
                        "place": {
                            "anyOf": [{"$ref": "#/components/schemas/Place"}, {"type": "null"}],
                            "description": "Where it was taken.",
                        },
                    },
                },
                "Place": {
                    "type": "object",
                    "properties": {"name": {"type": "string", "description": "Its name.", "example": "roof"}},
                },
            }
        },
    }
