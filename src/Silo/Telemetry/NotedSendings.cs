using OpenTelemetry;

namespace Lockstep.Silo.Telemetry;

/// <summary>Sends requests to a receiver, and notes whether it took them. They are led nowhere else: what opens the receiver is in their headers.</summary>
internal sealed class NotedSendings() : DelegatingHandler(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
{
    /// <summary>Null for nobody who is told.</summary>
    public ReceiverState? Receiver { get; set; }

    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return Note(base.Send(request, cancellationToken));
        }
        catch
        {
            Receiver?.Report(ExportResult.Failure);
            throw;
        }
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return Note(await base.SendAsync(request, cancellationToken));
        }
        catch
        {
            Receiver?.Report(ExportResult.Failure);
            throw;
        }
    }

    private HttpResponseMessage Note(HttpResponseMessage answer)
    {
        Receiver?.Report(answer.IsSuccessStatusCode ? ExportResult.Success : ExportResult.Failure);
        return answer;
    }
}
