using Lockstep.Gateway.Kinto;
using Microsoft.Extensions.DependencyInjection;

namespace Lockstep.Gateway.Protocol;

/// <summary>The routes that measurements are tagged with: each path that is served has one, and no id is in it.</summary>
public sealed class KintoRoutesTests
{
    private static readonly (string Path, string Template)[] Served =
    [
        ("/", "/v1/"),
        ("/batch", "/v1/batch"),
        ("/__heartbeat__", "/v1/__heartbeat__"),
        ("/__lbheartbeat__", "/v1/__lbheartbeat__"),
        ("/__version__", "/v1/__version__"),
        ("/__flush__", "/v1/__flush__"),
        ("/accounts", "/v1/accounts"),
        ("/accounts/alice", "/v1/accounts/{account}"),
        ("/buckets", "/v1/buckets"),
        ("/buckets/b", "/v1/buckets/{bucket}"),
        ("/buckets/b/collections", "/v1/buckets/{bucket}/collections"),
        ("/buckets/b/collections/c", "/v1/buckets/{bucket}/collections/{collection}"),
        ("/buckets/b/collections/c/records", "/v1/buckets/{bucket}/collections/{collection}/records"),
        ("/buckets/b/collections/c/records/r", "/v1/buckets/{bucket}/collections/{collection}/records/{record}"),
    ];

    [Fact]
    public async Task Path_ThatIsServed_HasATemplate()
    {
        var server = await KintoServer.StartAsync(options => options with { Kinto = options.Kinto with { Flush = true } });
        try
        {
            var router = server.Services.GetRequiredService<KintoRouter>();
            Assert.All(Served, route =>
            {
                Assert.NotNull(router.Methods(route.Path));
                Assert.Equal(route.Template, KintoRoutes.Template("/v1" + route.Path));
            });
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/v1")]
    [InlineData("/v2/")]
    [InlineData("/v1/nonsense")]
    [InlineData("/v1/alice/secrets")]
    [InlineData("/v1/buckets/b/groups")]
    [InlineData("/v1/buckets/b/collections/c/attachments")]
    [InlineData("/v1/buckets/b/collections/c/records/r/more")]
    [InlineData("/v1/buckets/b/collections/c/records/r/more/and/more")]
    public void Path_ThatIsNotServed_HasNone(string path) => Assert.Null(KintoRoutes.Template(path));
}
