using Lockstep.Core.Storage;
using Microsoft.AspNetCore.Http;

namespace Lockstep.Storage.S3.Tests;

/// <summary>What comes of a store that does not do what it should.</summary>
public sealed class BrokenStoreTests
{
    private const string Nothing = """<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>files</Name><IsTruncated>false</IsTruncated></ListBucketResult>""";

    // For what is answered at once, however busy the machine is.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Write_ThatIsNotAnswered_IsGivenUp_AndTheFileIsNotTakenForRemoved()
    {
        await using var store = await BrokenStore.StartAsync(static context => context.Request.Method == "PUT" ? Task.Delay(Timeout.Infinite, context.RequestAborted) : Say(context, Nothing));
        using var content = store.Open(TimeSpan.FromSeconds(1));

        var fault = await Assert.ThrowsAsync<StoreUnavailableException>(async () => await content.AppendAsync("abc", 0, new byte[1], default));
        Assert.Equal("Files of records cannot be read or written in the S3 bucket 'files': there was no answer within 00:00:01.", fault.Message);

        // It may be written by now, or yet: its row has to stay.
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await content.RemoveAsync("abc", default));
        Assert.DoesNotContain(store.Asked, static line => line.StartsWith("GET", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Removal_ThatComesAgainAfterAWriteThatFailed_IsDone()
    {
        await using var store = await BrokenStore.StartAsync(static context =>
        {
            context.Response.StatusCode = context.Request.Method == "PUT" ? 403 : 200;
            return context.Request.Method == "PUT" ? Task.CompletedTask : Say(context, Nothing);
        });
        using var content = store.Open(Patience);
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await content.AppendAsync("abc", 0, new byte[1], default));
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await content.RemoveAsync("abc", default));

        await content.RemoveAsync("abc", default);

        Assert.StartsWith("GET /files", store.Asked[^1], StringComparison.Ordinal);
        Assert.Contains("prefix=abc%2F", store.Asked[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_ThatFailsAgainAndAgain_IsTriedThreeTimes()
    {
        await using var store = await BrokenStore.StartAsync(static context =>
        {
            context.Response.StatusCode = 500;
            return Task.CompletedTask;
        });
        using var content = store.Open(Patience);

        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await content.ReadAsync("abc", 0, default));

        Assert.Equal(["GET /files/abc/0", "GET /files/abc/0", "GET /files/abc/0"], store.Asked.Select(static line => line.Split('?')[0]));
    }

    [Fact]
    public async Task Piece_ThatBreaksOff_IsNoPiece()
    {
        await using var store = await BrokenStore.StartAsync(static async context =>
        {
            context.Response.ContentLength = 10;
            await context.Response.Body.WriteAsync(new byte[5]);
            await context.Response.Body.FlushAsync();
            context.Abort();
        });
        using var content = store.Open(Patience);

        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await content.ReadAsync("abc", 0, default));
    }

    [Fact]
    public async Task Object_LongerThanAPiece_IsNotRead()
    {
        await using var store = await BrokenStore.StartAsync(static context => Say(context, new string('x', 300_000)));
        using var content = store.Open(Patience);

        var fault = await Assert.ThrowsAsync<StoreUnavailableException>(async () => await content.ReadAsync("abc", 0, default));
        Assert.EndsWith("The object 'abc/0' is no piece of a file: it has 300000 bytes.", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Removal_OfMoreThanAPage_RemovesAllOfIt()
    {
        await using var store = await BrokenStore.StartAsync(static context => context.Request.Method == "DELETE" ? None(context)
            : Say(context, Nothing.Replace("<IsTruncated>false</IsTruncated>", context.Request.Query.ContainsKey("continuation-token")
                ? "<IsTruncated>false</IsTruncated><Contents><Key>abc/1</Key><Size>1</Size></Contents>"
                : "<IsTruncated>true</IsTruncated><NextContinuationToken>next</NextContinuationToken><Contents><Key>abc/0</Key><Size>1</Size></Contents>", StringComparison.Ordinal)));
        using var content = store.Open(Patience);

        await content.RemoveAsync("abc", default);

        Assert.Equal(["DELETE /files/abc/0", "DELETE /files/abc/1"], store.Asked.Where(static line => line.StartsWith("DELETE", StringComparison.Ordinal)).Select(static line => line.Split('?')[0]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Read_ThatNobodyWaitsForAnyMore_IsGivenUp()
    {
        using var gone = new CancellationTokenSource();
        await using var store = await BrokenStore.StartAsync(context =>
        {
            gone.Cancel();
            return Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        using var content = store.Open(Patience);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await content.ReadAsync("abc", 0, gone.Token));
    }

    private static async Task Say(HttpContext context, string body)
    {
        context.Response.ContentType = "application/xml";
        context.Response.ContentLength = body.Length;
        await context.Response.WriteAsync(body);
    }

    private static Task None(HttpContext context)
    {
        context.Response.StatusCode = 204;
        return Task.CompletedTask;
    }
}
