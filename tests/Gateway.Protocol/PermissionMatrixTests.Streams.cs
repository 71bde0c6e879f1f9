using System.Net;

namespace Lockstep.Gateway.Protocol;

/// <summary>Who may open a stream of what, and what it tells them.</summary>
public sealed partial class PermissionMatrixTests
{
    // What is streamed, as in the other table; several of it, behind a plus, in one stream. Each of several buckets has to have something to read. D is the caller's own bucket.
    private const string StreamTable =
        """
        B                                                     | 200 200 200 200 403 401 200
        M                                                     | 403 403 403 403 403 401 404
        D                                                     | 200 200 200 200 200 401 200
        B/collections                                         | 200 200 200 200 403 401 200
        M/collections                                         | 403 403 403 403 403 401 404
        B/groups                                              | 200 403 403 403 403 401 200
        M/groups                                              | 403 403 403 403 403 401 404
        B/collections/c                                       | 200 200 200 200 403 401 200
        B/collections/d                                       | 200 403 403 403 403 401 200
        B/collections/x                                       | 404 403 403 403 403 401 404
        M/collections/c                                       | 403 403 403 403 403 401 404
        B/collections/c/records                               | 200 200 200 200 403 401 200
        B/collections/d/records                               | 200 403 403 403 403 401 200
        B/collections/x/records                               | 404 403 403 403 403 401 404
        M/collections/c/records                               | 403 403 403 403 403 401 404
        B/collections/c/records/r                             | 406 406 406 406 406 406 406
        B/collections/d/records/x                             | 406 406 406 406 406 406 406
        B/groups/staff                                        | 406 406 406 406 406 406 406
        B/history                                             | 406 406 406 406 406 406 406
        B/collections/d/indexes                               | 406 406 406 406 406 406 406
        + B                                                   | 200 200 200 200 403 401 200
        + M                                                   | 403 403 403 403 403 401 404
        + D B                                                 | 200 200 200 200 403 401 200
        + D M                                                 | 403 403 403 403 403 401 404
        + B/collections/c M/collections/c                     | 403 403 403 403 403 401 404
        + B/collections/c/records B/groups                    | 200 200 200 200 403 401 200
        + B/collections/d B/groups                            | 200 403 403 403 403 401 200
        + B/collections/d/records B/collections/x/records     | 200 403 403 403 403 401 200
        + B/collections/x B/collections/x/records             | 404 403 403 403 403 401 404
        """;

    public static TheoryData<string> StreamRows => [.. StreamTable.Split('\n').Select(static row => row.Trim())];

    [Theory]
    [MemberData(nameof(StreamRows))]
    public async Task Stream_OfTheTable_IsOpenedToWhomItSays(string row)
    {
        var cells = row.Split('|', StringSplitOptions.TrimEntries);
        var expected = cells[1].Split(' ').Select(int.Parse).ToArray();
        var world = await NewWorldAsync();
        for (var i = 0; i < Callers.Length; i++)
        {
            var answer = await AskForStreamAsync(Callers[i], StreamAt(world, cells[0]));

            Assert.Equal((Callers[i], expected[i]), (Callers[i], answer.Status));
            Assert.DoesNotContain(Secret, answer.Text, StringComparison.Ordinal);
            Assert.Equal(answer.Status is 401, answer.Headers.ContainsKey("WWW-Authenticate"));
            Assert.True(answer.Status is 200 || !answer.Headers.ContainsKey("ETag"), $"{Callers[i]} was told a stamp.");
        }
    }

    /// <summary>What there is must look, to those who may not know, as what there is not.</summary>
    [Theory]
    [InlineData("B", "M")]
    [InlineData("+ D B", "+ D M")]
    [InlineData("B/collections", "M/collections")]
    [InlineData("B/collections/d", "B/collections/x")]
    [InlineData("B/collections/d", "M/collections/c")]
    [InlineData("B/collections/d/records", "B/collections/x/records")]
    [InlineData("+ B/collections/d/records", "+ B/collections/x/records")]
    [InlineData("B/groups", "M/groups")]
    public async Task RefusalOfAStream_IsTheSame_WhetherItIsThereOrNot(string there, string missing)
    {
        var world = await NewWorldAsync();
        foreach (var caller in there.Contains("/d", StringComparison.Ordinal) ? ["member", "reader", "creator", "other", "nobody"] : new[] { "other", "nobody" })
        {
            var (one, other) = (await AskForStreamAsync(caller, StreamAt(world, there)), await AskForStreamAsync(caller, StreamAt(world, missing)));

            Assert.NotEqual(200, one.Status);
            Assert.Equal((caller, one.Status, one.Text), (caller, other.Status, other.Text));
            Assert.Equal(one.Headers.Keys.Order(StringComparer.Ordinal), other.Headers.Keys.Order(StringComparer.Ordinal));
        }
    }

    [Theory]
    [InlineData("owner")]
    [InlineData("member")]
    [InlineData("reader")]
    [InlineData("creator")]
    [InlineData("admin")]
    public async Task StreamOfABucket_TellsACallerWhatTheyMayGet_AndNamesNothingElse(string caller)
    {
        var world = await NewWorldAsync();
        string[] paths = ["", "/groups/staff", "/collections/c", "/collections/d", "/collections/c/records/r", "/collections/d/records/r"];
        using var http = EventReader.Client(server.Address, clients[caller].Authorization);
        using var stream = await EventReader.OpenAsync(http, world.Bucket + "?_since=0");
        var seen = $$$"""{"data":{},"permissions":{"read":["{{{ids[caller]}}}"]}}""";
        Assert.Equal(201, (await clients["owner"].PutAsync(world.Bucket + "/collections/c/records/seen", seen)).Status);

        var events = await stream.UntilAsync("seen");

        var may = new List<string>();
        foreach (var path in paths)
        {
            if ((await clients[caller].GetAsync(world.Bucket + path)).Status is 200)
            {
                may.Add(world.Bucket + path);
            }
        }

        Assert.Equal(may.Order(StringComparer.Ordinal), events.Where(static change => change.Name.Length == 0 && change.Record is not "seen").Select(static change => change.Path).Distinct().Order(StringComparer.Ordinal));
        foreach (var closed in events.Where(static change => change.Name is "closed"))
        {
            Assert.Equal((world.Bucket + "/groups", 403), (closed.Path, closed.Json.GetProperty("code").GetInt32()));
        }
    }

    private static string StreamAt(World world, string named)
    {
        var paths = named.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return paths is ["+", .. var several] ? "/buckets?" + string.Join('&', several.Select(path => $"path={Of(path)}")) : Of(paths[0]);

        string Of(string path) => path[0] == 'D' ? "/buckets/default" + path[1..] : At(world, path);
    }

    /// <summary>What is refused is read; a stream is left at once.</summary>
    private async Task<KintoAnswer> AskForStreamAsync(string caller, string path)
    {
        using var http = EventReader.Client(server.Address, clients[caller].Authorization);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1" + path) { Headers = { { "Accept", "text/event-stream" } } };
        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        if (answer.StatusCode is not HttpStatusCode.OK)
        {
            return await KintoAnswer.ReadAsync(answer);
        }

        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.ToString());
        return new KintoAnswer(200, new Dictionary<string, string>(StringComparer.Ordinal), "");
    }
}
