using System.Buffers;
using System.Text.Json;
using System.Text.RegularExpressions;
using Lockstep.Gateway.Kinto;
using Lockstep.Gateway.Kinto.OpenApi;
using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Protocol;

/// <summary>The OpenAPI document, held against the table of resources. That it is valid, and true of real answers, is tried in tests/Clients.</summary>
public sealed partial class ApiDocumentTests
{
    private const string Url = "https://sync.example.org/kinto/v1";

    private static readonly KintoOptions Everything = new()
    {
        Flush = true, Contribute = "{}", Metrics = MetricsAccess.Administrators, History = new() { Enabled = true }, Push = PushServer.Push,
    };

    private static readonly ApiScheme[] Schemes = [new("account", new() { ["type"] = "http", ["scheme"] = "basic" }), new("ticket", new() { ["type"] = "apiKey" }, IsOfStreams: true)];

    private static readonly Dictionary<string, KintoOptions> Servers = new(StringComparer.Ordinal)
    {
        ["as shipped"] = new KintoOptions(),
        ["with all that can be turned on"] = Everything,
        ["with all that can be turned off"] = new KintoOptions { Live = new() { Enabled = false }, OpenApi = new() { Page = false } },
        ["that may only be read"] = Everything with { ReadOnly = true },
    };

    public static TheoryData<string> Names => [.. Servers.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Document_OfAServer_HasTheMethodsOfItsTable_AndNoOthers(string server)
    {
        var table = KintoResources.Table(Servers[server]);
        var served = table.Resources.SelectMany(static resource => resource.Methods, static (resource, method) => $"{method.Name} {resource.Template.Text}");

        Assert.Equal(served.Order(StringComparer.Ordinal), Operations(Write(Servers[server])).Select(static operation => operation.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Document_HasOnlyComponentsThatItsPathsNeed()
    {
        var schemas = Write(new KintoOptions()).GetProperty("components").GetProperty("schemas");

        Assert.True(schemas.TryGetProperty("Record", out _));
        Assert.False(schemas.TryGetProperty("Restored", out _));
        Assert.True(Write(Everything).GetProperty("components").GetProperty("schemas").TryGetProperty("Restored", out _));
    }

    /// <summary>A resource or method that is new must be described.</summary>
    [Fact]
    public void Method_OfEveryResource_IsDescribed_UnderANameOfItsOwn()
    {
        var operations = KintoResources.All.SelectMany(static resource => resource.Methods, static (resource, method) => (Name: $"{method.Name} {resource.Template.Text}", Operation: ApiOperations.Find(method.Name, resource.Template.Text))).ToList();

        Assert.Empty(operations.Where(static operation => operation.Operation is null).Select(static operation => operation.Name));
        Assert.Empty(operations.GroupBy(static operation => operation.Operation!.Id, StringComparer.Ordinal).Where(static same => same.Count() > 1).Select(static same => same.Key));
    }

    [Fact]
    public void Security_SaysWhoMayComeIn_AsTheTableDoes()
    {
        var operations = Operations(Write(Everything)).ToDictionary(static operation => operation.Name, static operation => operation.Value.GetProperty("security").EnumerateArray().ToArray(), StringComparer.Ordinal);
        foreach (var resource in KintoResources.Table(Everything).Resources)
        {
            foreach (var method in resource.Methods)
            {
                var security = operations[$"{method.Name} {resource.Template.Text}"];
                Assert.Equal((resource.Template.Text, method.Access == Access.Anonymous), (resource.Template.Text, security.Any(static way => !way.EnumerateObject().Any())));
                Assert.Equal((resource.Template.Text, method.Access != Access.Probe), (resource.Template.Text, security.Any(static way => way.TryGetProperty("account", out _))));
                Assert.Equal((resource.Template.Text, method.AsStream is not null), (resource.Template.Text, security.Any(static way => way.TryGetProperty("ticket", out _))));
            }
        }
    }

    [Fact]
    public void Path_HasAParameterForEachOfItsNames()
    {
        foreach (var path in Write(Everything).GetProperty("paths").EnumerateObject())
        {
            var parameters = path.Value.TryGetProperty("parameters", out var own) ? own.EnumerateArray().Select(static parameter => parameter.GetProperty("name").GetString()!) : [];
            Assert.Equal(NameInBraces().Matches(path.Name).Select(static match => match.Groups["name"].Value), parameters);
        }
    }

    [Fact]
    public void Server_IsTheUrlThatTheClientUses_WhateverIsInIt()
    {
        Assert.Equal(Url, Write(new KintoOptions()).GetProperty("servers")[0].GetProperty("url").GetString());
        Assert.Equal("http://a\"b\\c", Write(new KintoOptions(), "http://a\"b\\c").GetProperty("servers")[0].GetProperty("url").GetString());
    }

    [Theory]
    [InlineData("/__api__", false, true)]
    [InlineData("/__docs__", false, true)]
    [InlineData("/__docs__/scalar.js", false, true)]
    [InlineData("/__api__", true, false)]
    [InlineData("/__docs__", true, false)]
    [InlineData("/__docs__/scalar.js", true, false)]
    public void Document_OrItsPage_TurnedOff_IsNotServed(string path, bool document, bool page)
    {
        var table = KintoResources.Table(new KintoOptions { OpenApi = new OpenApiOptions { Enabled = document, Page = page } });

        Assert.Equal(document && path is "/__api__", table.Match(RequestPath.OfDecoded(path)) is not null);
    }

    [Theory]
    [InlineData("https://sync.example.org/v1/__docs__/", "script-src https://sync.example.org/v1/__docs__/;")]
    [InlineData("http://[::1]:8888/v1/__docs__/", "script-src http://[::1]:8888/v1/__docs__/;")]
    [InlineData("http://a;b/v1/__docs__/", "script-src 'none';")]
    [InlineData("http://a b/v1/__docs__/", "script-src 'none';")]
    public void Policy_OfThePage_LetsRunWhatLiesBelowIt_AndNothingOfAnOddHost(string files, string expected) =>
        Assert.Contains(expected, ApiPage.Policy(files), StringComparison.Ordinal);

    private static JsonElement Write(KintoOptions options, string url = Url)
    {
        var answer = new ApiDocument(KintoResources.Table(options), options, Schemes).Answer(url);
        var bytes = new ArrayBufferWriter<byte>();
        answer.Body!(bytes);
        Assert.Equal(answer.Length, bytes.WrittenCount);
        return JsonDocument.Parse(bytes.WrittenMemory).RootElement;
    }

    private static IEnumerable<(string Name, JsonElement Value)> Operations(JsonElement document) => document.GetProperty("paths").EnumerateObject().SelectMany(
        static path => path.Value.EnumerateObject().Where(static member => member.Name is not "parameters"),
        static (path, operation) => ($"{operation.Name.ToUpperInvariant()} {path.Name}", operation.Value));

    [GeneratedRegex(@"\{(?<name>\w+)\}", RegexOptions.ExplicitCapture)]
    private static partial Regex NameInBraces();
}
