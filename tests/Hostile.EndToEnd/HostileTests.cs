using System.Globalization;
using Lockstep.EndToEnd;
using Xunit.Abstractions;

namespace Lockstep.Hostile;

/// <summary>Whatever one user does, others are served, and the server keeps inside its memory. Times are told, not judged.</summary>
public sealed class HostileTests(ITestOutputHelper log)
{
    private const long MaxMebibytes = 1024;
    private const long MoreAfterwards = 100;
    private static readonly TimeSpan Afterwards = TimeSpan.FromSeconds(90);

    // In the short form times are only told.
    private static readonly TimeSpan Alone = TimeSpan.FromSeconds(RunSettings.IsLong ? 3 : 1);

    public static TheoryData<string> Names => [.. Abuses.All.Select(static abuse => abuse.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task GoodUser_WhileSomebodyAbusesTheServer_HasNoErrors_AndMemoryIsBounded(string name)
    {
        var abuse = Abuses.All.Single(abuse => abuse.Name == name);
        await using var storage = await TestStorage.CreateAsync();
        var servers = await Servers.StartAsync(storage);
        var address = servers.Address;
        using (servers)
        {
            var user = new GoodUser(address);
            await user.RegisterAsync();
            await abuse.Prepare(address);
            if (RunSettings.IsLong)
            {
                // What a server does for the first time takes longer, and says nothing of the abuse.
                await user.ActAsync(Alone);
            }

            var alone = await user.ActAsync(Alone);
            using var memory = new ResidentMemory(servers.Ids);
            var before = memory.Now;
            Measured beside;
            using (var abuser = await AbuserProgram.StartAsync(abuse, address))
            {
                var ended = abuser.EndedAsync();
                beside = await user.ActAsync(RunSettings.Each);
                Assert.False(ended.IsCompleted, $"Nobody abused it to the end: {abuser.Output}");
            }

            RunSettings.Say(log, string.Create(CultureInfo.InvariantCulture,
                $"{name,-36} p50 {alone.Median,6:0.0} -> {beside.Median,7:0.0} ms, p99 {alone.P99,6:0.0} -> {beside.P99,7:0.0} ms ({beside.P99 / alone.P99,5:0.0} times), first sign-in at most {alone.SlowestSignIn,4:0} -> {beside.SlowestSignIn,4:0} ms, errors {beside.Errors.Values.Sum()} of {beside.Requests}, RSS {before} / {memory.Peak} / {memory.Now} MiB"));
            Assert.Empty(alone.Errors);
            Assert.Empty(beside.Errors);
            Assert.InRange(memory.Peak, 1, MaxMebibytes);
            if (RunSettings.IsLong)
            {
                var took = await memory.FallsToAsync(before + MoreAfterwards, Afterwards);
                RunSettings.Say(log, string.Create(CultureInfo.InvariantCulture, $"{name,-36} RSS {memory.Now} MiB after {took.TotalSeconds:0} s"));
                Assert.InRange(memory.Now, 1, before + MoreAfterwards);
            }
        }
    }
}
