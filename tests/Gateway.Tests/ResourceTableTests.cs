using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Tests;

public sealed class ResourceTableTests
{
    private static readonly ResourceTable<string> Table = new(
    [
        Of("/", "GET"),
        Of("/buckets", "GET", "POST"),
        Of("/buckets/{bucket}", "GET", "PUT"),
        Of("/buckets/{bucket}/collections/{collection}", "GET"),
        Of("/{user}/info/{what}", "GET"),
        Of("/{user}/info/quota", "GET"),
    ]);

    [Theory]
    [InlineData("/", "/")]
    [InlineData("/buckets", "/buckets")]
    [InlineData("/%62uckets", "/buckets")]
    [InlineData("/buckets/a", "/buckets/{bucket}", "a")]
    [InlineData("/buckets/Buckets", "/buckets/{bucket}", "Buckets")]
    [InlineData("/buckets/a%2Fcollections%2Fb", "/buckets/{bucket}", "a/collections/b")]
    [InlineData("/buckets/%FF", "/buckets/{bucket}", "%FF")]
    [InlineData("/buckets/a/collections/b", "/buckets/{bucket}/collections/{collection}", "a", "b")]
    [InlineData("/1/info/usage", "/{user}/info/{what}", "1", "usage")]
    [InlineData("/1/info/quota", "/{user}/info/quota", "1")]
    public void Path_ThatIsServed_IsMatched(string path, string template, params string[] values)
    {
        var match = Table.Match(RequestPath.Parse(path))!;

        Assert.Equal(template, match.Resource.Template.Text);
        Assert.Equal(values, match.Values.All);
    }

    [Theory]
    [InlineData("")]
    [InlineData("//")]
    [InlineData("/Buckets")]
    [InlineData("/BUCKETS/a")]
    [InlineData("/buckets/")]
    [InlineData("/buckets/a/")]
    [InlineData("//buckets")]
    [InlineData("/buckets//a")]
    [InlineData("/buckets//collections/b")]
    [InlineData("/buckets%2Fa")]
    [InlineData("/buckets/a/collections")]
    [InlineData("/buckets/a/collections/b/c")]
    [InlineData("/buckets\u0000")]
    [InlineData("/buckets%00")]
    public void Path_ThatIsNotServed_IsNot(string path) => Assert.Null(Table.Match(RequestPath.Parse(path)));

    [Fact]
    public void Methods_AreExact_AndToldInOrder()
    {
        var resource = Table.Match(RequestPath.Parse("/buckets/a"))!.Resource;

        Assert.Equal("GET, PUT, OPTIONS", resource.Allow);
        Assert.Equal("PUT /buckets/{bucket}", resource.Find("PUT")?.Handler);
        Assert.All(["put", "PU", "PUTS", "OPTIONS", "GET, PUT", "", "POST"], method => Assert.Null(resource.Find(method)));
    }

    [Fact]
    public void Values_AreFoundByName()
    {
        var values = Table.Match(RequestPath.Parse("/buckets/a/collections/b"))!.Values;

        Assert.Equal(("a", "b"), (values["bucket"], values["collection"]));
        Assert.Throws<ArgumentException>(() => values["record"]);
    }

    [Theory]
    [InlineData("/a/{b}", "/a/{c}")]
    [InlineData("/a", "/a")]
    public void Resources_WithTheSamePaths_AreRefused(string one, string other) =>
        Assert.Throws<ArgumentException>(() => new ResourceTable<string>([Of(one, "GET"), Of(other, "PUT")]));

    [Fact]
    public void Resource_ThatMakesNoSense_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => Of("a", "GET"));
        Assert.Throws<ArgumentException>(() => Of("/{a}/{a}", "GET"));
        Assert.Throws<ArgumentException>(() => Of("/a", "GET", "GET"));
        Assert.Throws<ArgumentException>(() => Of("/a", "OPTIONS"));
    }

    private static Resource<string> Of(string template, params string[] methods) => new(
        template, methods.Select(method => new ResourceMethod<string>(method, Access.Anonymous, BodyKind.None, $"{method} {template}")));
}
