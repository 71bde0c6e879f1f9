using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Tests;

public sealed class RequestPathTests
{
    [Theory]
    [InlineData("")]
    [InlineData("/", "")]
    [InlineData("/a", "a")]
    [InlineData("/a/", "a", "")]
    [InlineData("//a", "", "a")]
    [InlineData("/a//b", "a", "", "b")]
    [InlineData("/%61/b%20c", "a", "b c")]
    [InlineData("/a%2Fb", "a/b")]
    [InlineData("/a%2fb", "a/b")]
    [InlineData("/a%252Fb", "a%2Fb")]
    [InlineData("/a+b", "a+b")]
    [InlineData("/%C3%A9", "é")]
    [InlineData("/%2E%2E/a", "..", "a")]
    [InlineData("/a%00/%62", "a%00", "b")]
    [InlineData("/%FF/%62", "%FF", "b")]
    [InlineData("/%6/%62", "%6", "b")]
    public void Path_IsDecodedSegmentBySegment(string encoded, params string[] segments)
    {
        var path = RequestPath.Parse(encoded);

        Assert.Equal(segments, Enumerable.Range(0, path.Count).Select(i => path[i]));
    }

    [Theory]
    [InlineData("/v1", "/v1/a/b", "/a/b")]
    [InlineData("/v1", "/v1/", "/")]
    [InlineData("/v1", "/v1", "")]
    [InlineData("/v1", "/%761/a", "/a")]
    [InlineData("/1.0/sync", "/1.0/sync/1.5", "/1.5")]
    [InlineData("/v1", "/V1/a", null)]
    [InlineData("/v1", "/v12/a", null)]
    [InlineData("/v1", "//v1/a", null)]
    [InlineData("/v1", "/v1%2Fa", null)]
    [InlineData("/1.0/sync", "/1.0", null)]
    public void Prefix_IsOfWholeSegments(string prefix, string path, string? below) =>
        Assert.Equal(below, RequestPath.Parse(path).Below(RequestPath.Parse(prefix))?.Text);

    [Theory]
    [InlineData("/a/", "/a")]
    [InlineData("/a//", "/a")]
    [InlineData("/a", null)]
    [InlineData("/", null)]
    [InlineData("//", null)]
    [InlineData("", null)]
    public void FinalSlashes_AreTakenOffOnRequestOnly(string path, string? without) =>
        Assert.Equal(without, RequestPath.Parse(path).WithoutFinalSlashes()?.Text);
}
