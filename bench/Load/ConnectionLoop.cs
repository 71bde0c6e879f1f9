using System.Net.Sockets;

namespace Lockstep.Bench;

/// <summary>One connection's closed loop: the next request goes out when the answer is there.</summary>
internal sealed class ConnectionLoop(Scenario scenario, RequestTemplate request, Phase phase)
{
    /// <summary>Timer ticks from the request to its whole answer, of the answers within the measured time.</summary>
    public List<long> Latencies { get; } = [];

    public int Errors { get; private set; }

    public string? FirstError { get; private set; }

    public async Task RunAsync(HttpConnection connection, CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        try
        {
            while (!phase.HasEnded)
            {
                var began = time.GetTimestamp();
                var answer = await connection.ExchangeAsync(request.Next(), cancellationToken);
                var ended = time.GetTimestamp();
                if (!scenario.IsRight(answer.Status, answer.Body.Span))
                {
                    Fail(answer.Describe());
                }

                if (phase.IsMeasuring)
                {
                    Latencies.Add(ended - began);
                }
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            Fail(e.Message);
        }
    }

    private void Fail(string what)
    {
        Errors++;
        FirstError ??= what;
    }
}
