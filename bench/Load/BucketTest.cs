namespace Lockstep.Bench;

/// <summary>What many buckets, touched once, cost in memory: while they are in use and when they are idle again.</summary>
/// <param name="server">Where they are made; the memory of its process is looked at.</param>
/// <param name="count">How many.</param>
/// <param name="step">How often the server looks for idle owners; those of the first step are idle within two.</param>
internal sealed class BucketTest(ServerProcess server, int count, TimeSpan step)
{
    private const int Connections = 32;
    private const int BatchSize = 25;
    private const string User = "collector";

    public async Task<BucketReport> RunAsync(CancellationToken cancellationToken)
    {
        await Accounts.MakeAsync(server, [User], cancellationToken);
        var before = await server.SettledBytesAsync(TimeSpan.FromSeconds(10), cancellationToken);

        // :: Step 1: touch a few, so that what the code and the caches cost is known apart from the buckets.
        var few = count / 50;
        await TouchAsync(0, few, cancellationToken);
        var warm = await server.SettledBytesAsync(TimeSpan.FromSeconds(10), cancellationToken);

        // :: Step 2: touch all.
        var time = TimeProvider.System;
        var began = time.GetTimestamp();
        await TouchAsync(few, count - few, cancellationToken);
        var took = time.GetElapsedTime(began);
        var touched = server.ResidentBytes();
        var peak = server.PeakResidentBytes();

        // :: Step 3: wait for housekeeping. It comes by in steps; memory that has not fallen for two of them has settled.
        began = time.GetTimestamp();
        var (idle, idleAfter) = (touched, TimeSpan.Zero);
        while (time.GetElapsedTime(began) < 6 * step)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
            var now = server.ResidentBytes();
            if (now < idle - (1 << 20))
            {
                (idle, idleAfter) = (now, time.GetElapsedTime(began));
            }
            else if (idle < touched && time.GetElapsedTime(began) - idleAfter > 2.2 * step)
            {
                break;
            }
        }

        return new BucketReport(count, took, before, warm, touched, peak, server.ResidentBytes(), idleAfter);
    }

    private Task TouchAsync(int from, int number, CancellationToken cancellationToken)
    {
        var each = (number + Connections - 1) / Connections;
        return Task.WhenAll(Enumerable.Range(0, Connections).Select(connection =>
            TouchPartAsync(from + (connection * each), Math.Min(each, number - (connection * each)), cancellationToken)));
    }

    private async Task TouchPartAsync(int from, int number, CancellationToken cancellationToken)
    {
        using var connection = await HttpConnection.OpenAsync(server.Address, cancellationToken);
        for (var done = 0; done < number; done += BatchSize)
        {
            var size = Math.Min(BatchSize, number - done);
            var request = RequestTemplate.Create(server, User, "POST /v1/batch", Batches.Put(size, "/v1/buckets/b", body: null), first: from + done);
            var answer = await Accounts.ExpectAsync(connection, request, 200, cancellationToken);
            if (answer.Body.Span.Count("\"status\":201"u8) != size)
            {
                throw new InvalidOperationException($"Buckets were not made: {answer.Describe()}");
            }
        }
    }
}
