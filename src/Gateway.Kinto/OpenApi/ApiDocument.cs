using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Kinto.OpenApi;

/// <summary>
/// Describes the API in OpenAPI 3.1. Paths, methods and required rights come from the table of resources, so that resources that a setting
/// turns off are absent. Made once.
/// </summary>
/// <remarks>OpenAPI 3.1.1: spec.openapis.org/oas/v3.1.1.html.</remarks>
internal sealed class ApiDocument
{
    /// <summary>Stands for the URL of the API, which depends on the request.</summary>
    private const string AnyUrl = "https://any.invalid";

    private const string Id = "^[a-zA-Z0-9][a-zA-Z0-9_-]*$";
    private const string Reference = "$ref";

    private readonly KintoOptions options;
    private readonly IReadOnlyList<ApiScheme> schemes;
    private readonly byte[][] parts;

    public ApiDocument(ResourceTable<KintoHandler> resources, KintoOptions options, IReadOnlyList<ApiScheme> schemes)
    {
        (this.options, this.schemes) = (options, schemes);
        parts = [.. Create(resources).ToJsonString().Split(AnyUrl).Select(Encoding.UTF8.GetBytes)];
    }

    /// <param name="baseUrl">The URL under which the client sees <c>/</c> of the API, without a slash at the end.</param>
    /// <returns>The document.</returns>
    public KintoResponse Answer(string baseUrl)
    {
        var url = JsonEncodedText.Encode(baseUrl);
        var length = parts.Sum(static part => (long)part.Length) + ((long)url.EncodedUtf8Bytes.Length * (parts.Length - 1));
        return new KintoResponse(200)
        {
            Length = length,
            Size = length,
            Body = output =>
            {
                for (var i = 0; i < parts.Length; i++)
                {
                    output.Write(i == 0 ? [] : url.EncodedUtf8Bytes);
                    output.WriteStored(parts[i]);
                }
            },
        };
    }

    private JsonObject Create(ResourceTable<KintoHandler> resources)
    {
        var paths = new JsonObject();
        foreach (var resource in resources.Resources.Where(static resource => resource.Methods.Count > 0))
        {
            paths[resource.Template.Text] = PathItem(resource);
        }

        return new JsonObject
        {
            ["openapi"] = "3.1.1",
            ["info"] = new JsonObject
            {
                ["title"] = options.ProjectName,
                ["version"] = RootView.ApiVersion,
                ["description"] = "The HTTP API of Kinto, as this server has it. Each path also answers `OPTIONS`, by which browsers ask what they may do.",
            },
            ["externalDocs"] = new JsonObject { ["url"] = options.ProjectDocs },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = AnyUrl }),
            ["paths"] = paths,
            ["components"] = Components(paths),
        };
    }

    private JsonObject PathItem(Resource<KintoHandler> resource)
    {
        var item = new JsonObject();
        if (resource.Template.Names.Count > 0)
        {
            item["parameters"] = new JsonArray([.. resource.Template.Names.Select(name => PathParameter(name, resource.Template.Text))]);
        }

        foreach (var method in resource.Methods)
        {
            item[method.Name.ToLowerInvariant()] = Operation(method, ApiOperations.Find(method.Name, resource.Template.Text) ?? Unknown(method.Name, resource.Template.Text));
        }

        return item;
    }

    /// <summary>A method without a description is in the document all the same.</summary>
    private static ApiOperation Unknown(string method, string template) => new($"{method.ToLowerInvariant()}{template.Replace('/', '_')}", "Others", $"{method} {template}");

    private JsonObject PathParameter(string name, string template) => new()
    {
        ["name"] = name,
        ["in"] = "path",
        ["required"] = true,
        ["schema"] = name switch
        {
            "account" => Text("^[a-zA-Z0-9][+.@a-zA-Z0-9_-]*$"),
            "snapshot" => Text("^[a-zA-Z0-9][a-zA-Z0-9_-]*@[0-9]+$"),
            "collection" or "group" or "record" or "subscription" => Text(Id, options.MaxIdLength),
            "bucket" when template.StartsWith("/buckets", StringComparison.Ordinal) => Text(Id, options.MaxIdLength),
            _ => new JsonObject { ["type"] = "string" },
        },
        ["description"] = name switch
        {
            "bucket" when template.StartsWith("/buckets", StringComparison.Ordinal) => "Its id, or `default` for one's own.",
            "snapshot" => "The collection's id, `@` and a stamp.",
            "principal" => "Whose: `account:alice`.",
            _ => "Its id, or its name.",
        },
    };

    private static JsonObject Text(string pattern, int? maxLength = null)
    {
        var schema = new JsonObject { ["type"] = "string", ["pattern"] = pattern };
        if (maxLength is { } most)
        {
            schema["maxLength"] = most;
        }

        return schema;
    }

    private JsonObject Operation(ResourceMethod<KintoHandler> method, ApiOperation about)
    {
        var isStream = method.AsStream is not null;
        var operation = new JsonObject
        {
            ["operationId"] = about.Id,
            ["tags"] = new JsonArray(JsonValue.Create(about.Tag)),
            ["summary"] = about.Summary,
            ["security"] = Security(method.Access, isStream),
        };
        var parameters = isStream ? [.. about.Parameters, "Last-Event-ID"] : about.Parameters;
        if (parameters.Count > 0)
        {
            operation["parameters"] = new JsonArray([.. parameters.Select(static parameter => Ref("parameters", parameter))]);
        }

        if (about.Bodies.Count > 0)
        {
            var content = new JsonObject();
            foreach (var body in about.Bodies)
            {
                content[body.MediaType] = new JsonObject { ["schema"] = Ref("schemas", body.Schema) };
            }

            operation["requestBody"] = new JsonObject { ["content"] = content };
        }

        operation["responses"] = Answers(about, isStream);
        return operation;
    }

    private JsonArray Security(Access access, bool isStream)
    {
        var security = new JsonArray();
        if (access == Access.Probe)
        {
            return security;
        }

        if (access == Access.Anonymous)
        {
            security.Add((JsonNode)new JsonObject());
        }

        foreach (var scheme in schemes.Where(scheme => isStream || !scheme.IsOfStreams))
        {
            security.Add((JsonNode)new JsonObject { [scheme.Name] = new JsonArray() });
        }

        return security;
    }

    private static JsonObject Answers(ApiOperation about, bool isStream)
    {
        var answers = new JsonObject();
        foreach (var answer in about.Answers)
        {
            var response = new JsonObject { ["description"] = answer.Description };
            if (answer.Headers.Count > 0)
            {
                var headers = new JsonObject();
                foreach (var header in answer.Headers)
                {
                    headers[header] = Ref("headers", header);
                }

                response["headers"] = headers;
            }

            if (answer.Schema is { } schema)
            {
                var content = new JsonObject { [answer.MediaType] = new JsonObject { ["schema"] = Ref("schemas", schema) } };
                if (isStream)
                {
                    content[Live.EventStreams.MediaType] = new JsonObject { ["schema"] = Ref("schemas", "Events") };
                }

                response["content"] = content;
            }

            answers[answer.Status.ToString(CultureInfo.InvariantCulture)] = response;
        }

        answers["4XX"] = Ref("responses", "Error");
        answers["5XX"] = Ref("responses", "Error");
        return answers;
    }

    private static JsonObject Ref(string kind, string name) => new() { [Reference] = $"#/components/{kind}/{name}" };

    /// <summary>The components that the paths refer to, and those that these refer to.</summary>
    private JsonObject Components(JsonObject paths)
    {
        using var stream = typeof(ApiDocument).Assembly.GetManifestResourceStream("openapi/components.json")!;
        var all = JsonNode.Parse(stream)!.AsObject();
        var components = new JsonObject();
        var found = new Queue<string>(References(paths));
        while (found.TryDequeue(out var reference))
        {
            var (kind, name) = reference.Split('/') is [.., var before, var last] ? (before, last) : throw new InvalidOperationException($"'{reference}' refers to nothing.");
            var some = components[kind]?.AsObject() ?? new JsonObject();
            components[kind] ??= some;
            if (some.ContainsKey(name))
            {
                continue;
            }

            var component = all[kind]?[name]?.DeepClone() ?? throw new InvalidOperationException($"components.json has no '{reference}'.");
            some[name] = component;
            foreach (var more in References(component))
            {
                found.Enqueue(more);
            }
        }

        var definitions = new JsonObject();
        foreach (var scheme in schemes)
        {
            definitions[scheme.Name] = scheme.Definition.DeepClone();
        }

        components["securitySchemes"] = definitions;
        return components;
    }

    private static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject value => value.SelectMany(static member => member is { Key: Reference, Value: JsonValue reference } ? (IEnumerable<string>)[reference.GetValue<string>()] : References(member.Value)),
        JsonArray list => list.SelectMany(static item => References(item)),
        _ => [],
    };
}
