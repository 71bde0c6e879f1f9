using System.Text;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Metering;
using Microsoft.Extensions.Time.Testing;

namespace Lockstep.Gateway.Tests;

/// <summary>Room for bodies of very many values, which take many times their bytes when they are taken apart.</summary>
public sealed class ParseRoomTests : IDisposable
{
    private const long Total = 128 << 20;

    private readonly FakeTimeProvider time = new();
    private readonly GatewayMetrics metrics = new();
    private readonly Admission admission;

    public ParseRoomTests() => admission = new Admission(new HttpOptions { MaxBufferedBytes = 2 * Total }, metrics, time);

    [Fact]
    public void Body_OfFewValues_NeedsNone()
    {
        Assert.Equal(0, Admission.WeightOf([]));
        Assert.Equal(0, Admission.WeightOf(Many(1_000)));
        Assert.Equal(0, Admission.WeightOf(Encoding.UTF8.GetBytes($"\"{new string('x', 4 << 20)}\"")));
    }

    [Fact]
    public void Body_OfManyValues_NeedsManyTimesItsBytes()
    {
        var body = Many(1_000_000);

        Assert.InRange(Admission.WeightOf(body), 10 * body.Length, 30 * body.Length);
    }

    [Fact]
    public async Task OneUsersSecondLargeBody_WaitsForTheFirst_AndAnotherUsersDoesNot()
    {
        var first = (await admission.TryParseAsync("alice", Total / 2, default))!.Value;
        var second = admission.TryParseAsync("alice", Total / 2, default).AsTask();
        Assert.False(second.IsCompleted);

        using (var others = (await admission.TryParseAsync("bob", Total / 16, default))!.Value)
        {
            Assert.False(second.IsCompleted);
        }

        first.Dispose();
        using var then = (await second)!.Value;
    }

    [Fact]
    public async Task Body_LargerThanAllRoom_IsAdmittedAlone()
    {
        using (var all = (await admission.TryParseAsync("alice", 4 * Total, default))!.Value)
        {
            var waiting = admission.TryParseAsync("bob", 1 << 20, default).AsTask();
            Assert.False(waiting.IsCompleted);

            time.Advance(Admission.ParsePatience);
            Assert.Null(await waiting);
        }

        using var then = (await admission.TryParseAsync("bob", 1 << 20, default))!.Value;
    }

    public void Dispose() => metrics.Dispose();

    private static byte[] Many(int count) => Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Repeat("[]", count))}]");
}
