using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Sync11.Pages;

/// <summary>Takes what a page sends.</summary>
internal delegate ValueTask<Answer> FormHandler(FormHandlers forms, FormRequest request, CancellationToken cancellationToken);
