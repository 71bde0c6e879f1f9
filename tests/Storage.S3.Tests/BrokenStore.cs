using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Lockstep.Storage.S3.Tests;

/// <summary>A store that answers as a test says, and keeps what it was asked.</summary>
internal sealed class BrokenStore : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly List<string> asked = [];

    private BrokenStore(WebApplication app) => this.app = app;

    /// <summary>Methods and paths, with queries.</summary>
    public IReadOnlyList<string> Asked
    {
        get
        {
            lock (asked)
            {
                return [.. asked];
            }
        }
    }

    public static async Task<BrokenStore> StartAsync(Func<HttpContext, Task> answer)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var store = new BrokenStore(builder.Build());
        store.app.Run(async context =>
        {
            lock (store.asked)
            {
                store.asked.Add($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}");
            }

            await answer(context);
        });
        await store.app.StartAsync();
        return store;
    }

    public S3Content Open(TimeSpan timeout) =>
        new(new S3Location { Bucket = "files", Endpoint = app.Urls.First(), PathStyle = true, KeyId = "a", Secret = "b", Timeout = timeout }, static _ => { });

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
